// The host's clock: whether something keeps it right (adjtimex(2), only read), and the time since the boot.
#pragma once

#include <sys/timex.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct ClockState {
  bool synchronized = false;
  std::int64_t estimated_error = 0, offset = 0;  ///< µs
};

/// `state`: what adjtimex returned beside `told`.
[[nodiscard]] ClockState clock_state(int state, const timex& told) noexcept;

class ClockSource final : public Source {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "adjtimex"; }
  /// Where it isn't allowed (some containers), there is none.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  LateSeries synchronized_{"system.linux.clock.synchronized"}, error_{"system.linux.clock.estimated_error"},
      offset_{"system.linux.clock.offset"};
};

/// Whole seconds of /proc/uptime. `corrupt` for anything that doesn't begin with a decimal number.
[[nodiscard]] units::Result<std::uint64_t> parse_uptime(std::string_view text);

class UptimeSource final : public Source {
 public:
  explicit UptimeSource(const std::string& proc) : file_(proc + "/uptime") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries uptime_{"system.uptime"};
};

}  // namespace vedette::collect
