// /proc/sys/fs/file-nr: open files of the whole system (kernel's Documentation/admin-guide/sysctl/fs.rst).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct OpenFiles {
  std::uint64_t open = 0;
  std::optional<std::uint64_t> limit;  ///< absent where the kernel has no bound but the numbers' own
};

/// `corrupt` for anything that doesn't begin with three numbers.
[[nodiscard]] units::Result<OpenFiles> parse_file_nr(std::string_view text);

class FileDescriptorSource final : public Source {
 public:
  explicit FileDescriptorSource(const std::string& proc) : file_(proc + "/sys/fs/file-nr") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  ProcFile file_;
  LateSeries open_{"system.linux.file_descriptors.open"}, limit_{"system.linux.file_descriptors.limit"};
};

}  // namespace vedette::collect
