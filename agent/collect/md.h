// /proc/mdstat: software RAID (md(4)).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct MdArray {
  std::string_view name;                 ///< into the text: "md0"
  bool active = false;                   ///< assembled and running
  std::optional<std::uint64_t> missing;  ///< disks it should have and hasn't; absent without redundancy (raid0, linear)
};

/// Fills `arrays`, whose room is used again. Containers of a controller's own format (imsm, ddf) are no arrays: they
/// are always inactive.
void parse_mdstat(std::string_view text, std::vector<MdArray>& arrays);

class MdSource final : public Source {
 public:
  explicit MdSource(const std::string& proc) : file_(proc + "/mdstat") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  struct Numbers {
    SeriesNumber active = kRefused;
    std::optional<SeriesNumber> missing;
  };
  ProcFile file_;
  std::vector<MdArray> arrays_;
  std::map<std::string, Numbers, std::less<>> numbers_;
};

}  // namespace vedette::collect
