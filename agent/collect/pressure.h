// /proc/pressure: time that tasks waited for CPU, memory or I/O (kernel's Documentation/accounting/psi.rst; Linux 4.20
// and later, where it isn't switched off).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

inline constexpr std::array<std::string_view, 3> kPressureResources{"cpu", "memory", "io"};

/// Microseconds since boot. The averages beside them say less than a rate of these.
struct Pressure {
  std::optional<std::uint64_t> some, full;
};

/// `corrupt` without a readable "some" line.
[[nodiscard]] units::Result<Pressure> parse_pressure(std::string_view text);

class PressureSource final : public Source {
 public:
  /// `resource`: one of kPressureResources.
  PressureSource(const std::string& proc, std::string_view resource);
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries some_, full_;
  bool tells_full_;
};

}  // namespace vedette::collect
