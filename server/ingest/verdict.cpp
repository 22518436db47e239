#include "server/ingest/verdict.h"

#include <algorithm>

#include "schema/wire/session.h"

namespace vedette::ingest {

using domain::Ending;
using domain::Sighting;
using units::Milliseconds;
using units::Steady;
namespace seen = domain::seen;

namespace {

Milliseconds between(Steady from, Steady to) {
  return std::chrono::floor<Milliseconds>(to - from);
}

void ping(PulseStep& out, Steady now) {
  out.ping = true;
  out.next.last_ping = now;
}

void judge_silence(PulseStep& out, Steady now, const PulseSigns& signs, const PulseTimes& times) {
  PulseState& next = out.next;
  const Milliseconds silence = between(std::max(signs.last_received, next.counted_from), now);
  if (silence < times.probe_after) {
    next.last_probe.reset();
    next.confirming = false;
    return;
  }
  if (!next.last_probe) {
    next.last_probe = now;
    ping(out, now);
  }
  if (silence < times.silent_after) return;
  if (!next.confirming) {
    next.confirming = true;
    out.again = times.confirm_after;
    return;
  }
  next.confirming = false;
  next.silent_since = now;
  out.sighting = seen::Silent{!signs.behind_proxy && machine_answers(signs.tcp, between(*next.last_probe, now)),
                              signs.behind_proxy};
}

}  // namespace

PulseState open_pulse(Steady now, const PulseTimes& times) {
  PulseState state;
  state.counted_from = state.last_ping = now;
  state.due = now + times.step_every;
  return state;
}

PulseStep step(const PulseState& state, Steady now, const PulseSigns& signs, const PulseTimes& times) {
  PulseStep out{.next = state, .again = times.step_every};
  const Milliseconds late = between(state.due, now);
  if (late > times.late_after) out.own_lateness = late;
  if (out.own_lateness || signs.reading_paused) {
    out.next.counted_from = now;
    out.next.confirming = false;
    out.next.last_probe.reset();
  }
  if (state.silent_since) {
    out.drop = between(*state.silent_since, now) >= times.drop_after;
  } else {
    judge_silence(out, now, signs, times);
  }
  if (!out.ping && between(out.next.last_ping, now) >= times.ping_every) ping(out, now);
  out.next.due = now + out.again;
  return out;
}

bool answered(PulseState& state, Steady now) {
  if (!state.silent_since) return false;
  state.silent_since.reset();
  state.last_probe.reset();
  state.counted_from = now;
  return true;
}

bool machine_answers(const std::optional<domain::TcpState>& tcp, std::optional<Milliseconds> since_probe) {
  if (!tcp) return false;
  return tcp->unacked == 0 || (since_probe && tcp->since_last_ack < *since_probe);
}

std::optional<Sighting> judge_end(const Ending& ending, const EndedAs& before) {
  namespace close = wire::close;
  if (before.goodbye) return std::nullopt;
  if (ending.by_us) {
    switch (ending.code) {
      case close::replaced:
        return seen::Replaced{};
      case close::protocol_error:
      case close::unsupported:
      case close::bad_data:
      case close::too_big:
      case close::policy:
      case close::version:
      case close::unauthorized:
      case close::revoked:
        return seen::ClosedByUs{ending.code, ending.words};
      case close::going_away:
      case close::restarting:
        return std::nullopt;  // the collector stops: says nothing about the host
      default:
        break;
    }
  }
  if (before.silent) return std::nullopt;
  if (ending.how == Ending::How::closed) {
    return seen::EndedWithoutClose{
        "close " + std::to_string(ending.code) + (ending.words.empty() ? "" : ": ") + ending.words,
        before.behind_proxy};
  }
  return seen::EndedWithoutClose{ending.words, before.behind_proxy};
}

}  // namespace vedette::ingest
