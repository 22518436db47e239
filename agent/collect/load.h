// /proc/loadavg: the load averages of 1, 5 and 15 minutes (proc(5)).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// Hundredths, as the kernel prints them.
struct Load {
  std::uint64_t one = 0, five = 0, fifteen = 0;
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
  std::optional<std::array<SeriesNumber, 3>> numbers_;
};

}  // namespace vedette::collect
