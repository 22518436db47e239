// /proc/loadavg: the load averages of 1, 5 and 15 minutes, and how many threads there are (proc(5)).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct Load {
  std::uint64_t one = 0, five = 0, fifteen = 0;  ///< hundredths, as the kernel prints them
  std::optional<std::uint64_t> threads;          ///< of all processes: behind the slash of the fourth field
};

/// `corrupt` for anything that doesn't begin with three numbers of two decimals.
[[nodiscard]] units::Result<Load> parse_loadavg(std::string_view text);

class LoadSource final : public Source {
 public:
  explicit LoadSource(const std::string& proc) : file_(proc + "/loadavg") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries one_{"system.cpu.load_average.1m"}, five_{"system.cpu.load_average.5m"},
      fifteen_{"system.cpu.load_average.15m"}, threads_{"system.thread.count"};
};

}  // namespace vedette::collect
