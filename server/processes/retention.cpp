#include "server/processes/retention.h"

#include <algorithm>

#include "schema/units/log.h"

namespace vedette::processes {
namespace {

constexpr std::chrono::hours kClockDoubt{24};
constexpr std::chrono::hours kJump{1};
constexpr std::chrono::days kAway{7};

}  // namespace

std::optional<std::string> Retention::doubt(std::span<const Day> days, units::Instant now, units::Steady steady) {
  const auto last = std::exchange(looked_, std::pair(steady, now));
  if (!last) {
    const auto newest = days.empty() ? now : day_begin(days.back() + 1);
    if (now - newest <= kAway) return std::nullopt;
    return "no list of processes is younger than " + units::spoken_duration(now - newest);
  }
  const auto jumped = std::chrono::floor<units::Milliseconds>((now - last->second) - (steady - last->first));
  if (jumped <= kJump) return std::nullopt;
  return "the clock was set ahead by " + units::spoken_duration(jumped);
}

std::vector<Day> Retention::expired(std::span<const Day> days, units::Instant now, units::Steady steady) {
  if (const auto why = doubt(days, now, steady)) {
    doubted_until_ = steady + kClockDoubt;
    units::log_warning("no list of processes is removed for its age within a day, in case the clock is wrong",
                       {{"reason", *why}});
  }
  std::vector<Day> gone;
  if (doubted_until_ && steady < *doubted_until_) return gone;
  std::ranges::copy_if(days, std::back_inserter(gone), [&](Day day) { return day_begin(day + 1) + keep_ <= now; });
  return gone;
}

}  // namespace vedette::processes
