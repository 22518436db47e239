// One source, read into a tick of its own.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/source.h"

namespace vedette::collect {

class Reading {
 public:
  explicit Reading(Source& source) : source_(source) {}

  /// Reads it, and what it said.
  units::Result<void> read() {
    cells_.assign(roster_.series().size(), {});
    Draft draft(roster_, cells_);
    return source_.read(draft);
  }
  void settle() {
    cells_.assign(roster_.series().size(), {});
    Draft draft(roster_, cells_);
    source_.settle(draft);
  }

  /// In the base unit; absent for a series that isn't there, or has no value.
  [[nodiscard]] std::optional<double> operator[](std::string_view series) const {
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      if (to_string(roster_.series()[i].key) != series || !cells_[i].present) continue;
      return metrics::value(cells_[i], roster_.series()[i].quantum);
    }
    return std::nullopt;
  }
  [[nodiscard]] const Roster& roster() const { return roster_; }

 private:
  Source& source_;
  Roster roster_;
  std::vector<metrics::Cell> cells_;
};

}  // namespace vedette::collect
