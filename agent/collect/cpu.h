// /proc/stat: CPU time, total and per core, by mode (proc(5)).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// Modes in the order of the file. `user` contains guest time and `nice` guest_nice, as the kernel counts them: the
/// modes add up to all time.
inline constexpr std::array<std::string_view, 8> kCpuModes{"user",   "nice",      "system",  "idle",
                                                           "iowait", "interrupt", "softirq", "steal"};

struct CpuTimes {
  int cpu = -1;        ///< core; -1: all together
  unsigned modes = 0;  ///< how many of `ticks` the kernel told: 4 at least, 8 since 2.6.11
  std::array<std::uint64_t, kCpuModes.size()> ticks{};  ///< USER_HZ, 0.01 s
};

/// Lines that aren't right are left out. `corrupt` if none is left.
[[nodiscard]] units::Result<std::vector<CpuTimes>> parse_stat(std::string_view text);

/// Cores that come and go (hot plug): their series are absent while they are offline.
class CpuSource final : public Source {
 public:
  explicit CpuSource(const std::string& proc) : file_(proc + "/stat") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  using Numbers = std::array<SeriesNumber, kCpuModes.size()>;
  const Numbers& numbers_of(int cpu, Roster& roster);

  ProcFile file_;
  std::vector<std::optional<Numbers>> numbers_;  ///< at cpu + 1
};

}  // namespace vedette::collect
