// /proc/spl/kstat/zfs/arcstats: ZFS's cache (OpenZFS's "kstat" files: name, type, value).
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

/// Bytes.
struct Arc {
  std::uint64_t size = 0;
  std::uint64_t least = 0;  ///< it never shrinks below this by itself (c_min)
  [[nodiscard]] std::uint64_t reclaimable() const noexcept { return size > least ? size - least : 0; }
};

/// `corrupt` without size and c_min.
[[nodiscard]] units::Result<Arc> parse_arcstats(std::string_view text);

class ArcSource final : public Source {
 public:
  explicit ArcSource(const std::string& proc) : file_(proc + "/spl/kstat/zfs/arcstats") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries reclaimable_{"system.linux.memory.arc.usage", {"state", "reclaimable"}},
      unreclaimable_{"system.linux.memory.arc.usage", {"state", "unreclaimable"}};
};

}  // namespace vedette::collect
