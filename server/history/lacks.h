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

}  // namespace vedette::history
