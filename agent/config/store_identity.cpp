#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "agent/config/config.h"

namespace vedette::config {
namespace {

using units::ErrorCode;
using units::fail;

units::Result<void> failed(const std::string& what) {
  return fail(ErrorCode::io, "can't " + what + ": " + std::strerror(errno));
}

/// What we write has no quotes: URL, hex digits, a printable key.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"\n";
}

units::Result<void> write_all(int fd, const std::string& text, const std::string& path) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return failed("write " + path);
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(fd) != 0) return failed("write " + path);
  return {};
}

}  // namespace

units::Result<void> store_identity(const std::string& state, const Identity& identity) {
  if (::mkdir(state.c_str(), 0700) != 0 && errno != EEXIST) return failed("make the state directory " + state);
  struct stat folder{};
  if (::stat(state.c_str(), &folder) != 0) return failed("use the state directory " + state);
  if ((folder.st_mode & 077) != 0 && ::chmod(state.c_str(), 0700) != 0) return failed("close " + state + " to others");
  const std::string path = state + "/agent.toml", fresh = path + ".new";
  ::unlink(fresh.c_str());
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return failed("write " + fresh);
  const std::string text = "# Written by vedette-agent enroll. The key is secret.\nurl = " + quoted(identity.url) +
                           "pin = " + quoted(identity.pin) + "host_id = " + quoted(identity.host_id) +
                           "key = " + quoted(identity.key) + "hostname = " + quoted(identity.hostname);
  auto written = write_all(fd, text, fresh);
  if (written && ::geteuid() == 0 && ::fchown(fd, folder.st_uid, folder.st_gid) != 0) {
    written = failed("give " + fresh + " to the owner of " + state);
  }
  ::close(fd);
  if (written && ::rename(fresh.c_str(), path.c_str()) != 0) written = failed("replace " + path);
  if (!written) ::unlink(fresh.c_str());
  return written;
}

}  // namespace vedette::config
