// Which resolved alerts are still shown: the newest of the last day. Pure: time is passed in.
#pragma once

#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include "schema/units/time.h"

namespace vedette::alerts {

inline constexpr std::size_t kResolvedMost = 50;
inline constexpr std::chrono::hours kResolvedAge{24};

/// One owner.
class Recent {
 public:
  void add(std::uint64_t alert, units::Instant resolved) { alerts_.insert({resolved, alert}); }

  /// Forgets those that are too old or too many; their ids.
  [[nodiscard]] std::vector<std::uint64_t> expire(units::Instant now) {
    std::vector<std::uint64_t> gone;
    while (!alerts_.empty() && (alerts_.size() > kResolvedMost || now - alerts_.begin()->first > kResolvedAge)) {
      gone.push_back(alerts_.begin()->second);
      alerts_.erase(alerts_.begin());
    }
    return gone;
  }
  [[nodiscard]] bool contains(std::uint64_t alert, units::Instant resolved) const {
    return alerts_.contains({resolved, alert});
  }

 private:
  std::set<std::pair<units::Instant, std::uint64_t>> alerts_;
};

}  // namespace vedette::alerts
