#include "server/alerts/step.h"

#include <algorithm>
#include <cmath>

namespace vedette::alerts {

using domain::Phase;
using domain::Transition;

namespace {

bool beyond(const Rule& rule, double value, double limit) noexcept {
  return rule.direction == Direction::above ? value > limit : value < limit;
}

bool breaks(const Rule& rule, const Reading& reading) noexcept {
  return beyond(rule, reading.value, rule.limit) && (!rule.second_limit || reading.second < *rule.second_limit);
}

bool recovered(const Rule& rule, const Reading& reading) noexcept {
  const bool within = !beyond(rule, reading.value, rule.limit);
  const bool past = !rule.recover || !beyond(rule, reading.value, *rule.recover);
  return (within && past) || (rule.second_limit && reading.second >= *rule.second_limit);
}

}  // namespace

units::Milliseconds patience(const Rule& rule, Phase phase, units::Milliseconds interval) noexcept {
  if (phase != Phase::firing) return std::max(kRestartGap, 2 * interval);
  return std::max(is_of_mount(rule) ? kAbsentMount : kAbsent, 10 * interval);
}

StepResult step(const Rule& rule, const AlertState& state, units::Instant at, Reading reading,
                units::Milliseconds interval) noexcept {
  StepResult result{state, std::nullopt};
  const bool set_back = state.last_tick - at > kClockStep;
  if ((at <= state.last_tick && !set_back) || std::isnan(reading.value)) return result;
  AlertState& next = result.next;
  const units::Milliseconds bridged = state.restored ? std::max(kRestartGap, 2 * interval) : 2 * interval;
  const bool gap = set_back || at - state.last_tick > bridged;
  next.last_tick = at;
  next.restored = false;
  if (state.phase == Phase::firing) {
    if (!recovered(rule, reading)) return result;
    next.phase = Phase::inactive;
    next.since = at;
    result.change = Transition::resolved;
    return result;
  }
  if (!breaks(rule, reading)) {
    if (state.phase == Phase::pending) next.since = at;
    next.phase = Phase::inactive;
    return result;
  }
  if (state.phase != Phase::pending || gap) {
    next.phase = Phase::pending;
    next.since = at;
  }
  if (at - next.since < rule.lasting) return result;
  next.phase = Phase::firing;
  next.since = at;
  result.change = Transition::fired;
  return result;
}

}  // namespace vedette::alerts
