// /proc/stat: CPU time, total and per core, by mode; switches, interrupts, tasks (proc(5)).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
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

/// One reading of the file. What a kernel doesn't tell, or a torn line, is absent.
struct Stat {
  std::vector<CpuTimes> cpus;
  std::optional<std::uint64_t> context_switches, interrupts, created, running, blocked;
};

/// Fills `stat`, whose room is used again. Lines that aren't right are left out; `corrupt` if no CPU is left.
[[nodiscard]] units::Result<void> parse_stat(std::string_view text, Stat& stat);

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
  Stat stat_;
  std::vector<std::optional<Numbers>> numbers_;  ///< at cpu + 1
  LateSeries switches_{"system.cpu.context_switches"}, interrupts_{"system.cpu.interrupts"},
      created_{"system.process.created"}, running_{"system.linux.tasks", {"state", "running"}},
      blocked_{"system.linux.tasks", {"state", "blocked"}};
};

}  // namespace vedette::collect
