// What a read found to be missing, or coarser than was asked for: told with the answer. One query's, on its thread.
#pragma once

#include <cstdint>
#include <vector>

#include "server/domain/history_store.h"
#include "server/history/key.h"

namespace vedette::history {

class Lacks {
 public:
  using Why = domain::Incomplete::Why;

  /// [from, to), Unix ms. What follows the one before without a gap, for the same reason, is joined to it.
  void add(Why why, std::int64_t from, std::int64_t to, Tier tier);

  /// Within [from, to], ordered by their beginnings. At most kMost, the last of which then reaches to the end of them
  /// all.
  [[nodiscard]] std::vector<domain::Incomplete> within(std::int64_t from, std::int64_t to) &&;

  static constexpr std::size_t kMost = 100;

 private:
  struct Stretch {
    Why why{};
    std::int64_t from = 0, to = 0;
    Tier tier{};
  };
  std::vector<Stretch> all_;
};

/// Whether what can't be read for this is left out instead of ending the read. Damage always is; what a failing disk
/// doesn't give only where that is told, so that a bad day leaves an answer its others, but no sum lacks it silently,
/// and what is built from what was read waits.
[[nodiscard]] inline bool leaves_gap(const units::Error& error, const Lacks* lacks) noexcept {
  return error.code == units::ErrorCode::corrupt || (error.code == units::ErrorCode::io && lacks != nullptr);
}

}  // namespace vedette::history
