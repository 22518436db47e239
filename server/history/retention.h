// How long history is kept: which files go for their age or for the budget, and what a budget buys. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "server/domain/history_store.h"
#include "server/history/key.h"

namespace vedette::history {

struct Keep {
  /// By tier: a file goes once its whole period is older.
  std::array<units::Milliseconds, 3> ages{std::chrono::days{14}, std::chrono::days{366}, std::chrono::days{1830}};
  /// Bytes that all of history may take on the disk; absent: unbounded.
  std::optional<std::uint64_t> budget;
};

/// A tier's file with its log, as it lies on the disk.
struct TierFile {
  FileName name;
  std::uint64_t bytes = 0;
  bool stale = false;                     ///< the next tier isn't built from it yet
  std::optional<units::Instant> begin{};  ///< of the first slot that has a chunk
};

[[nodiscard]] std::uint64_t bytes_of(std::span<const TierFile> files) noexcept;

/// What goes now, in this order. First by age, a file from which something is still to be built a week later. Then, as
/// long as all of them and `others` (live.db, the reserve) take more than the budget: the oldest ticks, the oldest
/// minutes, the oldest hours, those from which something is still to be built last; never a file that today's are
/// written to, so this month's minutes and this year's hours stay whatever they take.
[[nodiscard]] std::vector<FileName> expired(std::span<const TierFile> files, const Keep& keep, std::uint64_t others,
                                            units::Instant now);

/// What the files take, how fast they grow, and how far back they will reach once they have grown as far as the budget
/// and their ages let them.
[[nodiscard]] domain::HistoryBudget forecast(std::span<const TierFile> files, const Keep& keep, std::uint64_t others,
                                             units::Instant now);

}  // namespace vedette::history
