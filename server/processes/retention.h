// Which days' files are too old. Pure; told the time.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/processes/row.h"

namespace vedette::processes {

class Retention {
 public:
  explicit Retention(units::Milliseconds keep) : keep_(keep) {}

  /// Those of `days` (ascending) whose last moment is older than `keep`. A clock that was set ahead by over an hour, or
  /// is a week ahead of all files at the first call, makes everything look old: nothing goes within a day then.
  [[nodiscard]] std::vector<Day> expired(std::span<const Day> days, units::Instant now, units::Steady steady);

 private:
  [[nodiscard]] std::optional<std::string> doubt(std::span<const Day> days, units::Instant now, units::Steady steady);

  const units::Milliseconds keep_;
  std::optional<std::pair<units::Steady, units::Instant>> looked_;
  std::optional<units::Steady> doubted_until_;
};

}  // namespace vedette::processes
