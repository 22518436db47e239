// /proc/vmstat: page faults, swap traffic, OOM kills (proc(5)).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// Since boot. What a kernel doesn't tell is absent: oom_kill before 4.13, swap where it was compiled without.
struct Vmstat {
  std::optional<std::uint64_t> faults, major_faults, swapped_in, swapped_out, oom_kills;
};

/// `corrupt` if none of them can be read.
[[nodiscard]] units::Result<Vmstat> parse_vmstat(std::string_view text);

class VmstatSource final : public Source {
 public:
  explicit VmstatSource(const std::string& proc) : file_(proc + "/vmstat") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries minor_{"system.paging.faults", {"type", "minor"}}, major_{"system.paging.faults", {"type", "major"}},
      in_{"system.paging.operations", {"direction", "in"}}, out_{"system.paging.operations", {"direction", "out"}},
      oom_kills_{"system.linux.memory.oom_kills"};
};

}  // namespace vedette::collect
