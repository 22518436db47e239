// One collector a data directory: an flock on DATA/lock.
#pragma once

#include <filesystem>

#include "schema/units/result.h"

namespace vedette::app {

class DataLock {
 public:
  /// Makes the directory (0700) if need be and takes the lock. `conflict` when another process holds it.
  [[nodiscard]] static units::Result<DataLock> take(const std::filesystem::path& directory);

  DataLock(DataLock&& other) noexcept;
  DataLock& operator=(DataLock&&) = delete;
  ~DataLock();

 private:
  explicit DataLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace vedette::app
