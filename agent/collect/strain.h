// Is the machine short of CPU, memory or disk at this moment? From pressure stall information (/proc/pressure/*;
// kernel's Documentation/accounting/psi.rst). One owner thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "agent/collect/proc_file.h"

namespace vedette::collect {

/// "some avg10=12.34 …": percent of the last ten seconds in which some task waited.
[[nodiscard]] std::optional<double> parse_some_avg10(std::string_view text);

class Strain {
 public:
  explicit Strain(const std::string& proc = "/proc");
  /// False where the kernel doesn't tell (before 4.20, or switched off).
  [[nodiscard]] bool is_short();

  static constexpr double kCpu = 50, kMemory = 20, kIo = 60;  ///< from so many percent on

 private:
  std::array<ProcFile, 3> files_;
};

}  // namespace vedette::collect
