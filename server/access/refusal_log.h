// Keeps refused tries from flooding the log: one line stands for many. Pure; time is passed in.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "schema/units/time.h"

namespace vedette::access {

/// At most one line per address and minute, and 60 a minute over all addresses. Not thread-safe.
class RefusalLog {
 public:
  /// Counts one refusal. How many the line to be written now stands for, this one among them; 0: write none.
  [[nodiscard]] std::uint64_t count(const std::string& address, units::Steady now);
  [[nodiscard]] std::size_t size() const { return lines_.size(); }

 private:
  struct Line {
    units::Steady last{};
    std::uint64_t unsaid = 0;
  };
  std::unordered_map<std::string, Line> lines_;  ///< addresses with a line in the last minute, and some older ones
};

}  // namespace vedette::access
