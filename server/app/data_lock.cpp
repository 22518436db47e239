#include "server/app/data_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "server/domain/file_fault.h"

namespace vedette::app {

using units::ErrorCode;
using units::Result;

namespace {

constexpr std::chrono::milliseconds kRetry{20};

bool lock_within(int fd, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kRetry);
  }
  return true;
}

}  // namespace

Result<DataLock> DataLock::take(const std::filesystem::path& directory, std::chrono::milliseconds patience) {
  std::error_code code;
  const bool made = std::filesystem::create_directories(directory, code);
  if (code) {
    return units::fail(ErrorCode::io, directory.string() + ": " + domain::file_fault("cannot be made", code.value()));
  }
  if (made) ::chmod(directory.c_str(), 0700);
  const std::string file = (directory / "lock").string();
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return units::fail(ErrorCode::io, file + ": " + domain::file_fault("cannot be made", errno));
  }
  if (lock_within(fd, patience)) return DataLock(fd);
  ::close(fd);
  return units::fail(ErrorCode::conflict, "another vedette-server uses " + directory.string() +
                                              "; stop it or choose another data directory");
}

DataLock::DataLock(DataLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

DataLock::~DataLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace vedette::app
