#include "server/app/data_lock.h"

#include <sys/stat.h>

#include "server/domain/file_fault.h"

namespace vedette::app {

using units::ErrorCode;
using units::Result;

Result<DataLock> DataLock::take(const std::filesystem::path& directory, std::chrono::milliseconds patience) {
  std::error_code code;
  const bool made = std::filesystem::create_directories(directory, code);
  if (code) {
    return units::fail(ErrorCode::io, directory.string() + ": " + domain::file_fault("cannot be made", code.value()));
  }
  if (made) ::chmod(directory.c_str(), 0700);
  auto lock = domain::FileLock::take(directory / "lock", patience);
  if (lock) return DataLock(std::move(*lock));
  if (lock.error().code != ErrorCode::conflict) return std::unexpected(std::move(lock.error()));
  return units::fail(ErrorCode::conflict, "another vedette-server uses " + directory.string() +
                                              "; stop it or choose another data directory");
}

}  // namespace vedette::app
