// The part of AgentStream that time moves: pings and what their absence means, acks, the end of a backfill.
#include <algorithm>
#include <cstring>
#include <utility>

#include "schema/wire/session.h"
#include "server/ingest/agent_stream.h"

namespace vedette::ingest {

using domain::HostObserver;
using units::Milliseconds;
using units::Steady;
namespace seen = domain::seen;
namespace close = wire::close;

namespace {

constexpr Milliseconds kAckEveryBackfilling{1'000};
constexpr Milliseconds kBackfillQuiet{10'000};     // agents send ten a second: what didn't come by then is gone there
constexpr Milliseconds kLongestRoundTrip{10'000};  // a pong later than that answers from before a silence

}  // namespace

void AgentStream::note_backfill(Steady now) {
  if (!welcomed_) return;
  const bool quiet = now - std::max(*welcomed_, last_backfill_.value_or(*welcomed_)) >= kBackfillQuiet;
  if (backfilling_ == Backfilling::lasts && (intake_.backfilled() || (quiet && !connection_->reading_paused()))) {
    backfilling_ = Backfilling::ended;
  }
  if (backfilling_ != Backfilling::ended || waiting_) return;
  backfilling_ = Backfilling::told;
  tell(seen::BackfillDone{});
}

void AgentStream::on_pong(std::span<const std::uint8_t> payload) {
  std::int64_t sent = 0;
  if (fault_ || payload.size() != sizeof sent) return;
  std::memcpy(&sent, payload.data(), sizeof sent);
  const auto now = ports_.clock.steady();
  if (answered(pulse_, now)) tell(seen::AnswersAgain{});
  const auto rtt = now - Steady{std::chrono::nanoseconds{sent}};
  if (rtt < Steady::duration::zero() || rtt > kLongestRoundTrip || !raw_skew_) return;
  const auto way = std::chrono::round<Milliseconds>(rtt / 2);
  tell(seen::RoundTrip{std::chrono::floor<std::chrono::microseconds>(rtt), *raw_skew_ + way});
}

void AgentStream::on_step() {
  const auto now = ports_.clock.steady();
  if (!intake_.greeted()) return wait_for_hello(now);
  PulseSigns signs{connection_->last_received(), connection_->reading_paused(), behind_proxy()};
  if (pulse_.confirming) signs.tcp = connection_->tcp_state();  // two system calls
  const PulseStep next = step(pulse_, now, signs, times_);
  if (next.own_lateness) {
    const std::string what = "an event loop was " + std::to_string(next.own_lateness->count()) + " ms late";
    on_control([at = ports_.clock.now(), what](HostObserver& o) { o.on_own_trouble(at, what); });
  }
  after(next.again, step_timer_, &AgentStream::on_step);
  obey(next);
  if (next.drop) return;
  note_backfill(now);
  acknowledge();
}

void AgentStream::wait_for_hello(Steady now) {
  // Our own lateness isn't the agent's.
  if (now - pulse_.due > times_.late_after) opened_ = now;
  if (now - opened_ >= times_.silent_after) return fail({close::policy, "no Hello within 10 s"});
  after(times_.step_every, step_timer_, &AgentStream::on_step);
  pulse_.due = now + times_.step_every;
}

void AgentStream::obey(const PulseStep& step) {
  pulse_ = step.next;
  if (step.sighting) tell(*step.sighting);
  if (step.ping) send_ping();
  if (step.drop) connection_->abort();  // may end in on_end: nothing after it
}

void AgentStream::send_ping() {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(ports_.clock.steady().time_since_epoch()).count();
  char payload[sizeof now];
  std::memcpy(payload, &now, sizeof now);
  connection_->ping({payload, sizeof payload});
}

void AgentStream::acknowledge() {
  const auto now = ports_.clock.steady();
  const bool backfilling = last_backfill_ && now - *last_backfill_ < kAckEvery;
  if (!slot_ || now - last_ack_ < (backfilling ? kAckEveryBackfilling : kAckEvery)) return;
  wire::Ack ack = slot_->take();
  ack.streams = intake_.acknowledge(std::move(ack.streams));
  if (ack.streams.empty() && ack.happenings.empty()) return;
  last_ack_ = now;
  connection_->send_binary(wire::encode(wire::CollectorMessage(std::move(ack))));
}

}  // namespace vedette::ingest
