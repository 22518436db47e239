// How fast the cores run and how often heat slowed them down: cpufreq and thermal_throttle below
// /sys/devices/system/cpu (kernel's Documentation/admin-guide/pm/cpufreq.rst; throttling on Intel's only). Virtual
// machines have neither.
//
// Few series however many cores: the least, mean and highest frequency, and sums. Read on a helper thread: kernels
// before 5.18 may sleep 10 ms for each core's frequency.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/collect/probe.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct SpeedFiles {
  std::vector<std::string> frequencies;                        ///< kHz, one a group of cores that is clocked together
  std::vector<std::string> core_throttles, package_throttles;  ///< one a core, one a package
  [[nodiscard]] bool empty() const noexcept { return frequencies.empty() && core_throttles.empty(); }
};

/// What there is now below `sys`. Hyperthreads show their core's count, cores their package's: each is listed once.
[[nodiscard]] SpeedFiles find_speed_files(const std::string& sys);

class CpuSpeedSource final : public Source {
 public:
  CpuSpeedSource(const std::string& sys, std::function<units::Steady()> clock);
  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;
  [[nodiscard]] bool pending() const override { return pending_; }
  void settle(Draft& draft) override;

 private:
  void find();
  void put_frequencies(Draft& draft);
  void put_sum(Draft& draft, const std::vector<std::string>& paths, LateSeries& series);

  std::string sys_, name_;
  std::function<units::Steady()> clock_;
  Probe<std::int64_t> probe_;
  std::map<std::string, std::int64_t> answers_;  ///< the last whole round's
  bool pending_ = false;
  std::optional<units::Steady> found_at_;
  std::vector<std::string> names_;  ///< of the folders, when files_ was found
  SpeedFiles files_;
  bool whole_ = false;  ///< the last round had an answer of each file
  LateSeries least_{"system.cpu.frequency", {"statistic", "min"}}, mean_{"system.cpu.frequency", {"statistic", "avg"}},
      highest_{"system.cpu.frequency", {"statistic", "max"}}, cores_{"system.cpu.throttles", {"scope", "core"}},
      packages_{"system.cpu.throttles", {"scope", "package"}};
};

}  // namespace vedette::collect
