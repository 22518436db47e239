#include "agent/sample/schedule.h"

namespace vedette::sample {

using units::Milliseconds;

Schedule::Schedule(units::Instant wall, units::Steady now, Milliseconds interval)
    : wall_(wall), start_(now), interval_(interval) {
  align(now);
}

units::Instant Schedule::host_time(units::Steady now) const noexcept {
  return wall_ + std::chrono::floor<Milliseconds>(now - start_);
}

void Schedule::align(units::Steady after) {
  const Milliseconds since_epoch = host_time(after).time_since_epoch();
  const Milliseconds next = (since_epoch / interval_ + 1) * interval_;
  due_ = start_ + (next - wall_.time_since_epoch());
}

units::Instant Schedule::take(units::Steady now) {
  const units::Steady planned = due_;
  due_ = planned + interval_;
  if (due_ <= now) align(now);
  return host_time(now - planned <= kSnap ? planned : now);
}

void Schedule::set_interval(Milliseconds interval, units::Steady now) {
  if (interval == interval_) return;
  interval_ = interval;
  align(now);
}

Milliseconds clock_offset(units::Instant collector_time, units::Instant host_time_at_welcome,
                          Milliseconds round_trip) noexcept {
  const Milliseconds offset = collector_time + round_trip / 2 - host_time_at_welcome;
  return std::chrono::abs(offset) < round_trip / 2 + Milliseconds{50} ? Milliseconds{0} : offset;
}

}  // namespace vedette::sample
