// A file under /proc that stays open: every read is one pread from its start. One owner thread.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::collect {

class ProcFile {
 public:
  explicit ProcFile(std::string path);
  ~ProcFile();
  ProcFile(const ProcFile&) = delete;
  ProcFile& operator=(const ProcFile&) = delete;

  /// The file's present contents, valid until the next read. Opens it again after an error, so that a file that
  /// appears later is found. `not_found` if it isn't there or the kernel has nothing behind it, `io` if it can't be
  /// read, `too_large` past 4 MiB.
  [[nodiscard]] units::Result<std::string_view> read();

  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  units::Result<void> open();
  units::Result<std::string_view> failed(int error);

  std::string path_;
  std::string buffer_;
  int fd_ = -1;
};

/// A small file read once ("" if it can't be): os-release, boot_id. At most 64 KiB of it.
[[nodiscard]] std::string read_once(const std::string& path);

}  // namespace vedette::collect
