// Impossible tick times put right (docs/decisions/0005): what makes a stream's time impossible is a clock, its host's
// or ours, so all of the stream is moved alike and keeps its order and spacing. Pure; one connection's.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>

#include "schema/units/time.h"

namespace vedette::ingest {

class StreamTimes {
 public:
  /// Times are possible within [now − `raw_age`, now + `ahead`].
  StreamTimes(units::Milliseconds raw_age, units::Milliseconds ahead) : raw_age_(raw_age), ahead_(ahead) {}

  /// Times of the stream's next ticks; `left` more of it are known to come after them. A stream whose end is impossible
  /// is moved so that it ends now; it stays moved until its times are those of our clock again. Returns how many were
  /// changed.
  std::uint64_t put_right(std::uint64_t stream, std::span<units::Instant> times, std::uint64_t left,
                          units::Instant now);

 private:
  [[nodiscard]] bool possible(units::Instant at, units::Instant now) const noexcept {
    return at >= now - raw_age_ && at <= now + ahead_;
  }

  units::Milliseconds raw_age_, ahead_;
  std::unordered_map<std::uint64_t, units::Milliseconds> moved_;  ///< by stream
};

}  // namespace vedette::ingest
