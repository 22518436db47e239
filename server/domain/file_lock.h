// An flock on a file, held as long as the object lives. Another process sees it at once.
#pragma once

#include <chrono>
#include <filesystem>

#include "schema/units/result.h"

namespace vedette::domain {

class FileLock {
 public:
  /// Makes the file (0600) if need be; its directory must be there. `conflict`, saying no more, when somebody else
  /// holds it and still does after `patience`; `io` with the file's name.
  [[nodiscard]] static units::Result<FileLock> take(const std::filesystem::path& file,
                                                    std::chrono::milliseconds patience = {});
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace vedette::domain
