// How connections end and what follows: the second half of Link.
#include <algorithm>

#include "agent/link/link.h"
#include "schema/units/log.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::Milliseconds;

bool protocol_fault(std::uint16_t code) {
  using namespace wire::close;
  return code == protocol_error || code == unsupported || code == bad_data || code == too_big;
}

/// What the collector's close code means, for a person.
std::string words_of(std::uint16_t code) {
  switch (code) {
    case wire::close::done:
    case wire::close::going_away:
      return "the collector ended the connection";
    case wire::close::restarting:
      return "the collector restarts";
    case wire::close::try_later:
      return "the collector asks to come back later";
    case wire::close::unauthorized:
      return "the collector doesn't accept this agent's key; enrol again with a new token";
    case wire::close::revoked:
      return "the collector has revoked this agent; if that was a mistake, enrol again with a new token";
    case wire::close::replaced:
      return "another agent uses this machine's identity; if one machine is a clone of the other, run `vedette-agent "
             "unenroll --offline` on the clone and enrol it with a new token";
    case wire::close::version:
      return "the collector doesn't speak this agent's protocol; install the version of the agent that belongs to it";
    case wire::close::too_slow:
      return "the collector found this agent too slow";
    case wire::close::no_status:
      return "the collector ended the connection without a reason";
    default:
      return protocol_fault(code) ? "the collector refused what this agent sent" : "the collector ended the connection";
  }
}

}  // namespace

/// It is over: what it was told of stays known.
std::unique_ptr<Conversation> Link::take_conversation() {
  std::unique_ptr<Conversation> over = std::move(conversation_);
  if (!over->welcomed()) backlog_.withdraw();
  drops_reported_ = over->drops_reported();
  return over;
}

/// The collector refused something of what was in flight: what was in flight at the last refusal too is at fault.
void Link::set_aside_suspects(const Conversation& over) {
  std::vector<Range> doubtful;
  for (const Range& range : over.in_flight()) {
    const auto known = std::ranges::find_if(suspects_, [&](const Range& other) { return other.overlaps(range); });
    if (known == suspects_.end()) {
      doubtful.push_back(range);
      continue;
    }
    backlog_.set_aside(range.stream, range.last);
    units::log_error("ticks that the collector refused twice are set aside",
                     {{"ticks", range.last - range.first + 1}, {"reason", over.farewell()->reason}});
  }
  suspects_ = std::move(doubtful);
}

void Link::end_conversation(const Error& error, units::Steady now) {
  const std::unique_ptr<Conversation> over = take_conversation();
  const auto& farewell = over->farewell();
  if (state_ == State::leaving) {
    units::log_info("disconnected",
                    {{"collector", authority(collector(rotation_.current()))},
                     {"reason", farewell ? "goodbye (" + std::to_string(farewell->code) + ")" : error.message}});
    close_all();
    state_ = State::gone;
    return;
  }
  if (!farewell) return end(error, now, over->welcomed());
  if (protocol_fault(farewell->code)) {
    set_aside_suspects(*over);
  } else if (over->acked()) {
    suspects_.clear();
  }
  using namespace wire::close;
  const std::uint16_t code = farewell->code;
  const bool for_good = code == unauthorized || code == revoked || code == replaced || code == version;
  std::string words = words_of(code) + " (" + std::to_string(code) + ")";
  if (!farewell->reason.empty()) words += ": " + farewell->reason;
  Milliseconds at_least = farewell->retry_after.value_or(Milliseconds{0});
  if (for_good) at_least = std::max(at_least, limits_.refused);
  if (code == try_later && at_least.count() == 0) at_least = Milliseconds{5'000};
  end({for_good ? ErrorCode::forbidden : ErrorCode::unavailable, words}, now, over->welcomed(), at_least);
}

void Link::end(const Error& error, units::Steady now, bool was_connected, Milliseconds at_least) {
  close_all();
  const std::size_t index = rotation_.current();
  state_ = State::waiting;
  until_ = rotation_.ended(now, was_connected, backoff_.next(options_.random()), at_least);
  remember(error, index, std::chrono::ceil<Milliseconds>(until_ - now));
}

/// One line a happening: the same failure again is told at the 1st, 10th, 100th … attempt only.
void Link::remember(const Error& error, std::size_t index, Milliseconds wait) {
  Failures& known = failures_[index];
  known.count = error.message == known.last ? known.count + 1 : 1;
  known.last = error.message;
  std::uint64_t step = known.count;
  while (step % 10 == 0) step /= 10;
  if (step != 1) return;
  const bool serious =
      error.code == ErrorCode::forbidden || error.code == ErrorCode::unauthorized || error.code == ErrorCode::version;
  units::log(serious ? units::Level::error : units::Level::warning, "not connected",
             {{"collector", authority(collector(index))},
              {"reason", error.message},
              {"attempt", known.count},
              {"next_try_ms", wait.count()}});
}

void Link::close_all() {
  attempt_.reset();
  better_.reset();
  connection_.reset();
  waits_for_ = 0;
}

}  // namespace vedette::link
