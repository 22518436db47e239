// /proc/meminfo: memory and swap (proc(5)).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// KiB, as the file says. What a kernel doesn't tell is absent: MemAvailable before 3.14, Shmem before 2.6.32.
struct MemInfo {
  std::uint64_t total = 0, free = 0;
  std::optional<std::uint64_t> available, buffers, cached, reclaimable, shared, unreclaimable, dirty, committed,
      swap_total, swap_free;

  /// Page cache and reclaimable slab without shared memory, which Cached contains.
  [[nodiscard]] std::uint64_t cache() const noexcept;
  /// What is in none of the other states: the five add up to `total`, as far as the kernel's numbers allow.
  [[nodiscard]] std::uint64_t used() const noexcept;
};

/// `corrupt` without MemTotal and MemFree.
[[nodiscard]] units::Result<MemInfo> parse_meminfo(std::string_view text);

class MemorySource final : public Source {
 public:
  explicit MemorySource(const std::string& proc) : file_(proc + "/meminfo") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  static LateSeries usage(std::string_view state) { return LateSeries("system.memory.usage", {"state", state}); }

  ProcFile file_;
  LateSeries used_ = usage("used"), free_ = usage("free"), buffers_ = usage("buffers"), cached_ = usage("cached"),
             shared_ = usage("shared");
  LateSeries limit_{"system.memory.limit"}, available_{"system.linux.memory.available"};
  LateSeries reclaimable_{"system.linux.memory.slab.usage", {"state", "reclaimable"}},
      unreclaimable_{"system.linux.memory.slab.usage", {"state", "unreclaimable"}};
  LateSeries dirty_{"system.linux.memory.dirty"}, committed_{"system.linux.memory.committed"};
  LateSeries swap_used_{"system.paging.usage", {"state", "used"}}, swap_free_{"system.paging.usage", {"state", "free"}};
};

}  // namespace vedette::collect
