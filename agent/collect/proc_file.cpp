#include "agent/collect/proc_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace vedette::collect {
namespace {
constexpr std::size_t kFirstSize = 1024;  // most fit; the others grow once
constexpr std::size_t kMostSize = 4 * 1024 * 1024;

/// A file that isn't there, or is only a name: PSI is switched off, a device is gone.
units::ErrorCode code_of(int error) {
  const bool absent = error == ENOENT || error == ENOTDIR || error == ENODEV || error == ENXIO || error == EOPNOTSUPP;
  return absent ? units::ErrorCode::not_found : units::ErrorCode::io;
}
}  // namespace

ProcFile::ProcFile(std::string path) : path_(std::move(path)) {}

ProcFile::~ProcFile() {
  if (fd_ >= 0) ::close(fd_);
}

units::Result<void> ProcFile::open() {
  if (fd_ >= 0) return {};
  fd_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    const int error = errno;
    return units::fail(code_of(error), "can't open " + path_ + ": " + std::strerror(error));
  }
  return {};
}

units::Result<std::string_view> ProcFile::failed(int error) {
  ::close(fd_);
  fd_ = -1;
  return units::fail(code_of(error), "can't read " + path_ + ": " + std::strerror(error));
}

units::Result<std::string_view> ProcFile::read() {
  if (const auto opened = open(); !opened) return std::unexpected(opened.error());
  if (buffer_.empty()) buffer_.resize(kFirstSize);
  while (true) {
    // seq_file hands out at most a page or so a call, so the rest is fetched from where the last read ended.
    std::size_t filled = 0;
    while (filled < buffer_.size()) {
      const ssize_t n = ::pread(fd_, buffer_.data() + filled, buffer_.size() - filled, static_cast<off_t>(filled));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return failed(errno);
      if (n == 0) return std::string_view(buffer_).substr(0, filled);
      filled += static_cast<std::size_t>(n);
    }
    if (buffer_.size() >= kMostSize) {
      return units::fail(units::ErrorCode::too_large, path_ + " is larger than 4 MiB; it is left out");
    }
    buffer_.resize(buffer_.size() * 2);
  }
}

std::string read_once(const std::string& path) {
  std::string text;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  text.resize(64 * 1024);
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t n = ::read(fd, text.data() + filled, text.size() - filled);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    filled += static_cast<std::size_t>(n);
  }
  ::close(fd);
  text.resize(filled);
  text.shrink_to_fit();
  return text;
}

}  // namespace vedette::collect
