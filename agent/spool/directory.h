// The spool's files in a directory of the file system. One owner thread, one owner process: others are locked out.
#pragma once

#include <optional>
#include <string>

#include "agent/spool/files.h"

namespace vedette::spool {

/// Files are named by 16 hex digits and ".spool", and are their owner's alone (0600 in 0700). The directory is made and
/// opened when first needed, and tried again at each call while that fails. Nothing is synced: what was written
/// outlives the process, and the machine's crash once the kernel has written it back (30 s, vm.dirty_expire_centisecs).
class Directory final : public Files {
 public:
  explicit Directory(std::string path) : path_(std::move(path)) {}
  ~Directory() override;
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] units::Result<std::vector<FileNumber>> list() override;
  [[nodiscard]] units::Result<std::string> read(FileNumber file, std::size_t most) override;
  [[nodiscard]] units::Result<void> append(FileNumber file, std::string_view bytes) override;
  [[nodiscard]] units::Result<void> remove(FileNumber file) override;

 private:
  [[nodiscard]] units::Result<void> open();
  [[nodiscard]] units::Result<void> open_for_appending(FileNumber file);
  [[nodiscard]] std::string path_of(FileNumber file) const;
  void close_file();

  std::string path_;
  int directory_ = -1;
  int file_ = -1;  ///< the one appended to last, kept open
  std::optional<FileNumber> open_;
};

}  // namespace vedette::spool
