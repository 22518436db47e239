// Time: instants are milliseconds UTC, spans are std::chrono durations. Nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::units {

using Milliseconds = std::chrono::milliseconds;

/// A point in time, UTC. In data from hosts it is the collector's time (docs/wire-protocol.md), except where it says
/// otherwise.
using Instant = std::chrono::sys_time<Milliseconds>;

/// A point on a clock that never jumps; only differences mean something.
using Steady = std::chrono::steady_clock::time_point;

[[nodiscard]] constexpr Instant from_unix_ms(std::int64_t ms) noexcept {
  return Instant{Milliseconds{ms}};
}
[[nodiscard]] constexpr std::int64_t unix_ms(Instant at) noexcept {
  return at.time_since_epoch().count();
}

/// The instants that messages may carry, 1970-01-01 to 9999-12-31: arithmetic on them can't overflow.
inline constexpr std::int64_t kEarliestMs = 0;
inline constexpr std::int64_t kLatestMs = 253'402'300'799'999;

/// Unix seconds with exactly three decimals, as the API writes times: "1795425204.083".
[[nodiscard]] std::string unix_seconds(Instant at);

/// "03:02:17" in UTC, for words and logs.
[[nodiscard]] std::string clock_utc(Instant at);
/// "2026-11-23 03:02:17 UTC", where the day matters too.
[[nodiscard]] std::string date_utc(Instant at);

/// Reads "500ms", "60s", "15m", "1h", "14d": a whole number and one unit. Anything else is `invalid`.
[[nodiscard]] Result<Milliseconds> parse_duration(std::string_view text);

/// The shortest exact form that parse_duration reads back: "60s" for 60 000 ms prints "1m".
[[nodiscard]] std::string format_duration(Milliseconds span);

/// How a person reads a span, in up to two parts: "4 min 12 s", "0.6 s".
[[nodiscard]] std::string spoken_duration(Milliseconds span);

}  // namespace vedette::units
