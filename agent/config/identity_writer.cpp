#include "agent/config/identity_writer.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace vedette::config {
namespace {

using units::ErrorCode;
using units::fail;

constexpr const char* kFile = "agent.toml";
constexpr const char* kFresh = "agent.toml.new";
constexpr off_t kRoom = 16 * 1024;  ///< more than an identity ever takes

auto failed(const std::string& what) {
  return fail(ErrorCode::io, "can't " + what + ": " + std::strerror(errno));
}

/// What we write has no control characters: URL, hex digits, a printable key and name.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"\n";
}

std::string list_of(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    const std::string one = quoted(text);
    out += (out.empty() ? "[" : ", ") + one.substr(0, one.size() - 1);
  }
  return out + "]\n";
}

bool write_all(int fd, const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::pwrite(fd, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return ::ftruncate(fd, static_cast<off_t>(text.size())) == 0 && ::fsync(fd) == 0;
}

}  // namespace

IdentityWriter::IdentityWriter(IdentityWriter&& other) noexcept
    : state_(std::move(other.state_)),
      directory_(std::exchange(other.directory_, -1)),
      file_(std::exchange(other.file_, -1)),
      made_(std::exchange(other.made_, false)) {}

IdentityWriter::~IdentityWriter() {
  if (file_ >= 0) {
    ::unlinkat(directory_, kFresh, 0);
    ::close(file_);
  }
  if (made_) ::rmdir(state_.c_str());
  if (directory_ >= 0) ::close(directory_);
}

units::Result<IdentityWriter> IdentityWriter::prepare(const std::string& state) {
  IdentityWriter writer(state);
  if (const auto opened = writer.open_directory(); !opened) return std::unexpected(opened.error());
  if (const auto opened = writer.open_file(); !opened) return std::unexpected(opened.error());
  return writer;
}

units::Result<void> IdentityWriter::open_directory() {
  made_ = ::mkdir(state_.c_str(), 0700) == 0;
  if (!made_ && errno != EEXIST) return failed("make the state directory " + state_);
  directory_ = ::open(state_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat info{};
  if (directory_ < 0 || ::fstat(directory_, &info) != 0) return failed("use the state directory " + state_);
  if ((info.st_mode & 022) != 0) {
    return fail(ErrorCode::forbidden, "others may write to the state directory " + state_ +
                                          "; give --state a directory of the agent's own (one that doesn't exist yet "
                                          "is made)");
  }
  if (::flock(directory_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(ErrorCode::conflict, "another enrolment is at work in " + state_);
    return failed("lock the state directory " + state_);
  }
  return {};
}

units::Result<void> IdentityWriter::open_file() {
  const std::string path = state_ + "/" + kFresh;
  ::unlinkat(directory_, kFresh, 0);  // of an enrolment that was killed
  file_ = ::openat(directory_, kFresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file_ < 0) return failed("write " + path);
  struct stat info{};
  if (::geteuid() == 0 && (::fstat(directory_, &info) != 0 || ::fchown(file_, info.st_uid, info.st_gid) != 0)) {
    return failed("give " + path + " to the owner of " + state_);
  }
  // A file system that can't promise room says so in its own ways; only a full one is a reason to stop here.
  const int full = ::posix_fallocate(file_, 0, kRoom);
  if (full == ENOSPC || full == EDQUOT) {
    errno = full;
    return failed("write " + path);
  }
  return {};
}

units::Result<void> IdentityWriter::store(const Identity& identity) {
  std::vector<std::string> urls = identity.other_urls;
  urls.insert(urls.begin(), identity.url);
  // One stands without brackets, as versions before lists wrote and read it.
  const std::string url = urls.size() == 1 ? quoted(identity.url) : list_of(urls);
  const std::string text = "# Written by vedette-agent enroll. The key is secret.\nurl = " + url +
                           "pin = " + quoted(identity.pin) + "host_id = " + quoted(identity.host_id) +
                           "key = " + quoted(identity.key) + "hostname = " + quoted(identity.hostname) +
                           (identity.tags.empty() ? "" : "tags = " + list_of(identity.tags));
  if (!write_all(file_, text)) return failed("write " + state_ + "/" + kFresh);
  if (::renameat(directory_, kFresh, directory_, kFile) != 0) return failed("replace " + state_ + "/" + kFile);
  ::fsync(directory_);
  ::close(std::exchange(file_, -1));
  made_ = false;
  return {};
}

}  // namespace vedette::config
