#include "agent/spool/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

namespace vedette::spool {
namespace {

using units::ErrorCode;
using units::fail;

constexpr std::string_view kSuffix = ".spool";
constexpr std::size_t kDigits = 16;

std::string name_of(FileNumber file) {
  std::string digits(kDigits, '0');
  for (auto at = digits.rbegin(); at != digits.rend(); ++at, file /= 16) *at = "0123456789abcdef"[file % 16];
  return digits.append(kSuffix);
}

/// Nothing for names that we don't give.
std::optional<FileNumber> number_of(std::string_view name) {
  if (name.size() != kDigits + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  FileNumber number = 0;
  const auto [end, status] = std::from_chars(name.data(), name.data() + kDigits, number, 16);
  if (status != std::errc{} || end != name.data() + kDigits || name_of(number) != name) return std::nullopt;
  return number;
}

auto failed(const std::string& what) {
  return fail(ErrorCode::io, "can't " + what + ": " + std::strerror(errno));
}

/// What root makes in a directory of the agent's belongs to the agent.
bool give_to_owner(int made, const struct stat& owner) {
  return ::geteuid() != 0 || ::fchown(made, owner.st_uid, owner.st_gid) == 0;
}

}  // namespace

Directory::~Directory() {
  close_file();
  if (directory_ >= 0) ::close(directory_);
}

void Directory::close_file() {
  if (file_ >= 0) ::close(file_);
  file_ = -1;
  open_.reset();
}

std::string Directory::path_of(FileNumber file) const {
  return path_ + "/" + name_of(file);
}

units::Result<void> Directory::open() {
  if (directory_ >= 0) return {};
  const bool made = ::mkdir(path_.c_str(), 0700) == 0;
  if (!made && errno != EEXIST) return failed("make " + path_);
  const int opened = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (opened < 0) return failed("open " + path_);
  struct stat parent{};
  bool well = true;
  if (made) well = ::fstatat(opened, "..", &parent, 0) == 0 && give_to_owner(opened, parent);
  if (!well || ::flock(opened, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(opened);
    if (well && error == EWOULDBLOCK) return fail(ErrorCode::conflict, "another vedette-agent uses " + path_);
    errno = error;
    return failed((well ? "lock " : "give away ") + path_);
  }
  directory_ = opened;
  return {};
}

units::Result<std::vector<FileNumber>> Directory::list() {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  const int copy = ::openat(directory_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) {
    if (copy >= 0) ::close(copy);
    return failed("list " + path_);
  }
  std::vector<FileNumber> files;
  errno = 0;
  while (const dirent* entry = ::readdir(listing)) {
    if (const auto number = number_of(entry->d_name)) files.push_back(*number);
  }
  const int error = errno;
  ::closedir(listing);
  errno = error;
  if (error != 0) return failed("list " + path_);
  std::ranges::sort(files);
  return files;
}

units::Result<std::string> Directory::read(FileNumber file, std::size_t most) {
  if (auto ready = open(); !ready) return std::unexpected(ready.error());
  const int from = ::openat(directory_, name_of(file).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  struct stat status{};
  if (from < 0 || ::fstat(from, &status) != 0) {
    auto error = failed("read " + path_of(file));
    if (from >= 0) ::close(from);
    return error;
  }
  std::string bytes(std::min(most, static_cast<std::size_t>(std::max<off_t>(status.st_size, 0))), '\0');
  std::size_t done = 0;
  ssize_t got = 1;
  while (done < bytes.size() && got > 0) {
    got = ::read(from, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR)
      got = 1;
    else if (got > 0)
      done += static_cast<std::size_t>(got);
  }
  const int error = errno;
  ::close(from);
  errno = error;
  if (got < 0) return failed("read " + path_of(file));
  bytes.resize(done);
  return bytes;
}

units::Result<void> Directory::open_for_appending(FileNumber file) {
  if (open_ == file) return {};
  close_file();
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const std::string name = name_of(file);
  file_ = ::openat(directory_, name.c_str(), kFlags);
  if (file_ < 0 && errno == ENOENT) {
    file_ = ::openat(directory_, name.c_str(), kFlags | O_CREAT | O_EXCL, 0600);
    struct stat owner{};
    if (file_ >= 0 && (::fstat(directory_, &owner) != 0 || !give_to_owner(file_, owner))) {
      auto error = failed("give away " + path_of(file));
      close_file();
      return error;
    }
  }
  if (file_ < 0) {
    auto error = failed("open " + path_of(file));
    if (errno == ENOENT) ::close(std::exchange(directory_, -1));  // somebody removed it: made anew at the next call
    return error;
  }
  open_ = file;
  return {};
}

units::Result<void> Directory::append(FileNumber file, std::string_view bytes) {
  if (auto ready = open(); !ready) return ready;
  if (auto ready = open_for_appending(file); !ready) return ready;
  struct stat before{};
  if (::fstat(file_, &before) != 0) return failed("append to " + path_of(file));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote = ::write(file_, bytes.data() + done, bytes.size() - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) {
      auto error = failed("append to " + path_of(file));
      [[maybe_unused]] const int truncated = ::ftruncate(file_, before.st_size);  // else it ends in a torn record
      if (before.st_size == 0) ::unlinkat(directory_, name_of(file).c_str(), 0);
      close_file();
      return error;
    }
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

units::Result<void> Directory::remove(FileNumber file) {
  if (auto ready = open(); !ready) return ready;
  if (open_ == file) close_file();
  if (::unlinkat(directory_, name_of(file).c_str(), 0) != 0 && errno != ENOENT)
    return failed("remove " + path_of(file));
  return {};
}

}  // namespace vedette::spool
