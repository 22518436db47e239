#include "server/backup/files.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/units/host_id.h"
#include "server/domain/file_fault.h"

namespace vedette::backup {

using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kPart = 1U << 18;
constexpr std::size_t kLongestText = 16U << 20;
constexpr std::chrono::seconds kSettles{2};  // coarser than any file system's clock

std::unexpected<units::Error> fault(const std::filesystem::path& file, const char* what, int error) {
  return units::fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::io,
                     file.string() + ": " + domain::file_fault(what, error));
}

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags)
      : fd_(::open(file.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

class Hash {
 public:
  Hash() : context_(EVP_MD_CTX_new()) { EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr); }
  void add(std::string_view bytes) { EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()); }
  std::string hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_.get(), digest.data(), &size);
    return units::hex(std::span(digest.data(), size));
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
  };
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

/// Hands the file's bytes on, part by part, until `take` is false. 0, or an errno.
int each_part(int fd, const std::function<bool(std::string_view)>& take) {
  std::vector<char> part(kPart);
  for (;;) {
    const ssize_t count = ::read(fd, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0 || !take({part.data(), static_cast<std::size_t>(count)})) return 0;
  }
}

/// 0, or an errno.
int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return errno;
    if (count > 0) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return 0;
}

/// Root beside a service's data: what is made there must belong to the service. 0, or an errno.
int give_away(int fd, const std::filesystem::path& like) {
  struct stat owner{};
  if (like.empty() || ::geteuid() != 0) return 0;
  if (::stat(like.c_str(), &owner) != 0 || ::fchown(fd, owner.st_uid, owner.st_gid) != 0) return errno;
  return 0;
}

std::int64_t nanoseconds(const timespec& at) {
  return at.tv_sec * 1'000'000'000LL + at.tv_nsec;
}

}  // namespace

std::string sha256(std::string_view bytes) {
  Hash hash;
  hash.add(bytes);
  return hash.hex();
}

Result<Sum> sum_of(const std::filesystem::path& file, const std::function<void(std::uint64_t)>& seen) {
  const Descriptor in(file, O_RDONLY);
  if (in.get() < 0) return fault(file, "cannot be read", errno);
  Sum sum;
  Hash hash;
  const int error = each_part(in.get(), [&](std::string_view part) {
    hash.add(part);
    sum.bytes += part.size();
    if (seen) seen(sum.bytes);
    return true;
  });
  if (error != 0) return fault(file, "cannot be read", error);
  sum.sha256 = hash.hex();
  return sum;
}

Result<Sum> copy_private(const std::filesystem::path& from, const std::filesystem::path& to,
                         const std::filesystem::path& like) {
  const Descriptor in(from, O_RDONLY);
  if (in.get() < 0) return fault(from, "cannot be read", errno);
  const Descriptor out(to, O_WRONLY | O_CREAT | O_EXCL);
  if (out.get() < 0) return fault(to, "cannot be made", errno);
  Sum sum;
  Hash hash;
  int written = 0;
  const int error = each_part(in.get(), [&](std::string_view part) {
    hash.add(part);
    sum.bytes += part.size();
    written = write_all(out.get(), part);
    return written == 0;
  });
  if (error != 0) return fault(from, "cannot be read", error);
  if (written == 0) written = give_away(out.get(), like);
  if (written == 0 && ::fsync(out.get()) != 0) written = errno;
  if (written != 0) return fault(to, "cannot be written", written);
  sum.sha256 = hash.hex();
  return sum;
}

Result<void> replace_file(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path next = file.string() + ".next";
  {
    const Descriptor out(next, O_WRONLY | O_CREAT | O_TRUNC);
    if (out.get() < 0) return fault(next, "cannot be made", errno);
    int error = write_all(out.get(), text);
    if (error == 0 && ::fsync(out.get()) != 0) error = errno;
    if (error != 0) return fault(next, "cannot be written", error);
  }
  if (::rename(next.c_str(), file.c_str()) != 0) return fault(file, "cannot be written", errno);
  return sync(file.parent_path());
}

Result<std::optional<std::string>> read_file(const std::filesystem::path& file) {
  const Descriptor in(file, O_RDONLY);
  if (in.get() < 0 && errno == ENOENT) return std::nullopt;
  if (in.get() < 0) return fault(file, "cannot be read", errno);
  std::string text;
  const int error = each_part(in.get(), [&](std::string_view part) {
    text += part;
    return text.size() <= kLongestText;
  });
  if (error != 0) return fault(file, "cannot be read", error);
  return text;
}

Result<void> sync(const std::filesystem::path& path) {
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0 || ::fsync(file.get()) != 0) return fault(path, "cannot be written", errno);
  return {};
}

Result<void> make_directory(const std::filesystem::path& path, const std::filesystem::path& like) {
  const auto directory = path.has_filename() ? path : path.parent_path();  // without a / at its end
  std::error_code code;
  if (!directory.parent_path().empty()) std::filesystem::create_directories(directory.parent_path(), code);
  if (code) return fault(directory.parent_path(), "cannot be made", code.value());
  if (::mkdir(directory.c_str(), 0700) != 0) {
    if (errno == EEXIST && std::filesystem::is_directory(directory, code)) return {};
    return fault(directory, "cannot be made", errno);
  }
  const Descriptor made(directory, O_RDONLY | O_DIRECTORY);
  const int error = made.get() < 0 ? errno : give_away(made.get(), like);
  if (error != 0) return fault(directory, "cannot be made", error);
  return {};
}

Result<void> hand_over(const std::filesystem::path& file, const std::filesystem::path& like) {
  const Descriptor open(file, O_RDONLY);
  const int error = open.get() < 0 ? errno : give_away(open.get(), like);
  if (error != 0) return fault(file, "cannot be given to its directory's owner", error);
  return {};
}

Result<StateNow> state_of(const std::filesystem::path& database) {
  struct stat file{}, log{};
  if (::lstat(database.c_str(), &file) != 0) return fault(database, "cannot be read", errno);
  StateNow now;
  now.state.inode = file.st_ino;
  now.state.bytes = static_cast<std::uint64_t>(file.st_size);
  now.state.modified = nanoseconds(file.st_mtim);
  // An empty log is made by whoever reads, and says nothing.
  if (::lstat((database.string() + "-wal").c_str(), &log) == 0 && log.st_size > 0) {
    now.state.log_bytes = static_cast<std::uint64_t>(log.st_size);
    now.state.log_modified = nanoseconds(log.st_mtim);
  }
  const auto clock = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t newest = std::max(now.state.modified, now.state.log_modified);
  now.settled = newest < std::chrono::nanoseconds(clock - kSettles).count();
  return now;
}

}  // namespace vedette::backup
