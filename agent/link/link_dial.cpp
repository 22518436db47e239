// The part of Link that gets through to a collector: the one whose turn it is, and one that is preferred to the
// present.
#include <utility>

#include "agent/link/link.h"
#include "schema/units/log.h"

namespace vedette::link {

using units::Error;
using units::Milliseconds;

const CollectorAddress& Link::collector(std::size_t index) const {
  return index == 0 ? options_.address : options_.others[index - 1];
}

units::Result<std::unique_ptr<Attempt>> Link::dial(std::size_t index, units::Steady now) {
  if (!tls_context_) {
    auto context = TlsContext::create(options_.pin);
    if (!context) return std::unexpected(context.error());
    tls_context_ = std::move(*context);
  }
  const CollectorAddress& address = collector(index);
  const Attempt::Limits limits{.dial = {.resolve = limits_.resolve,
                                        .connect = limits_.connect,
                                        .head_start = limits_.head_start,
                                        .handshake = limits_.handshake},
                               .upgrade = limits_.handshake,
                               .refused = limits_.refused};
  return std::make_unique<Attempt>(Dialer::Target{address, options_.proxy.for_collector(address)}, *tls_context_,
                                   options_.lookup, options_.key, limits, now);
}

void Link::begin(units::Steady now) {
  auto begun = dial(rotation_.current(), now);
  if (!begun) return end(begun.error(), now, false);
  attempt_ = std::move(*begun);
  state_ = State::attempting;
  attempt(now);
}

void Link::attempt(units::Steady now) {
  auto outcome = attempt_->step(now);
  if (!outcome) return;
  if (*outcome) return open(std::move(**outcome), now);
  const Attempt::Failure& failure = outcome->error();
  end(failure.error, now, false, failure.at_least.value_or(Milliseconds{0}));
}

/// While the present connection goes on, so that a try that fails costs nothing.
void Link::try_better(units::Steady now) {
  const auto due = rotation_.better_due();
  if (!due || (!better_ && now < *due)) return;
  if (!better_) {
    auto begun = dial(rotation_.better(), now);
    if (!begun) return rotation_.better_failed(now, Milliseconds{0});
    better_ = std::move(*begun);
  }
  auto outcome = better_->step(now);
  if (!outcome) return;
  const std::unique_ptr<Attempt> over = std::move(better_);
  if (*outcome) return move_over(std::move(**outcome), now);
  const Attempt::Failure& failure = outcome->error();
  units::log_debug("the collector that is preferred can't be reached yet",
                   {{"collector", authority(collector(rotation_.better()))}, {"reason", failure.error.message}});
  rotation_.better_failed(now, failure.at_least.value_or(Milliseconds{0}));
}

/// No goodbye: nothing stopped. What isn't acked here is sent there.
void Link::move_over(Attempt::Opened opened, units::Steady now) {
  units::log_info("moving to the collector that is preferred", {{"from", authority(collector(rotation_.current()))},
                                                                {"to", authority(collector(rotation_.better()))}});
  conversation_->session().close(wire::close::going_away, "moving to another collector");
  if (!write_all(now)) return;  // it ended by itself, and the usual way back begins
  (void)take_conversation();
  close_all();
  rotation_.better_reached();
  open(std::move(opened), now);
}

void Link::woke(Milliseconds asleep, units::Steady now) {
  if (asleep < kMostAsleep || state_ == State::leaving || state_ == State::gone) return;
  backoff_.reset();
  rotation_.forgive();
  failures_.assign(failures_.size(), {});
  const Error error{units::ErrorCode::unavailable, "this machine was asleep for " + units::spoken_duration(asleep)};
  if (state_ == State::open) return end_conversation(error, now);
  end(error, now, true);
}

}  // namespace vedette::link
