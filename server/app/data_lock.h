// One collector a data directory: an flock on DATA/lock.
#pragma once

#include <chrono>
#include <filesystem>
#include <utility>

#include "schema/units/result.h"
#include "server/domain/file_lock.h"

namespace vedette::app {

class DataLock {
 public:
  /// Makes the directory (0700) if need be and takes the lock. `conflict` when another process holds it, and still
  /// does after `patience`: a command holds it for a moment only.
  [[nodiscard]] static units::Result<DataLock> take(const std::filesystem::path& directory,
                                                    std::chrono::milliseconds patience = {});

 private:
  explicit DataLock(domain::FileLock lock) : lock_(std::move(lock)) {}
  domain::FileLock lock_;
};

}  // namespace vedette::app
