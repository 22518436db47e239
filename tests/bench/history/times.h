// When the simulated hosts tick.
#pragma once

#include <cstdint>

namespace vedette::bench {

/// 2024-11-22 00:00 UTC, Unix ms. Past, as others refuse samples from the future.
inline constexpr std::int64_t kDay = 1'732'233'600'000;

/// So long after the last tick nothing more of it is waited for, ms.
inline constexpr std::int64_t kLater = 3 * 3'600'000LL;

/// The first second, how many seconds, how far apart, how many ticks in a batch, and the stream these come in.
struct Times {
  std::int64_t start = kDay, length = 0, apart = 1, ticks = 1;
  std::uint64_t stream = 1;
  bool live = true;
};

}  // namespace vedette::bench
