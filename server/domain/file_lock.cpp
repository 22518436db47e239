#include "server/domain/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "server/domain/file_fault.h"

namespace vedette::domain {
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

units::Result<FileLock> FileLock::take(const std::filesystem::path& file, std::chrono::milliseconds patience) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return units::fail(units::ErrorCode::io, file.string() + ": " + file_fault("cannot be made", errno));
  if (lock_within(fd, patience)) return FileLock(fd);
  ::close(fd);
  return units::fail(units::ErrorCode::conflict, file.string() + ": held by another process");
}

FileLock::FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FileLock::~FileLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace vedette::domain
