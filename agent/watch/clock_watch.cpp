#include "agent/watch/clock_watch.h"

#include <utility>

namespace vedette::watch {
std::optional<Happening> ClockWatch::take(units::Instant wall, units::Steady now) {
  const auto apart = std::chrono::floor<units::Milliseconds>(wall.time_since_epoch() - now.time_since_epoch());
  const auto before = std::exchange(apart_, apart);
  if (!before || std::chrono::abs(apart - *before) < kStep) return std::nullopt;
  const auto step = apart - *before;
  return Happening{.at = wall,
                   .kind = "time_step",
                   .text = "this machine's clock was set " + units::spoken_duration(std::chrono::abs(step)) +
                           (step > units::Milliseconds{0} ? " ahead" : " back"),
                   .count = 0,
                   .id = id_of(run_, "step " + std::to_string(++steps_))};
}

}  // namespace vedette::watch
