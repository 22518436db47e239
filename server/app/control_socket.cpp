#include "server/app/control_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

namespace vedette::app {

using nlohmann::json;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kLongestLine = 65'536;
constexpr std::chrono::seconds kCommandPatience{90};  // a receiver under test may take its time

struct Descriptor {
  int fd;
  explicit Descriptor(int value) : fd(value) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

/// 0, or the errno of a call that has just failed.
int error_of(int result) {
  return result == 0 ? 0 : errno;
}

/// Reaches the socket through its directory's descriptor: a path of any length fits sun_path then. 0, or an errno.
template <class Call>
int with_address(const std::filesystem::path& directory, Call call) {
  const Descriptor folder(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder.fd) + "/control.sock";
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return error_of(call(reinterpret_cast<const sockaddr*>(&address), socklen_t{sizeof address}));
}

/// A connection to speak one line each way over, until a deadline for all of it or until `wake` becomes readable.
class Line {
 public:
  Line(int fd, std::chrono::steady_clock::time_point deadline, int wake = -1)
      : fd_(fd), deadline_(deadline), wake_(wake) {}

  std::optional<std::string> read() const {
    std::string line;
    std::array<char, 4096> part{};
    while (line.size() < kLongestLine && ready(POLLIN)) {
      const ssize_t count = ::recv(fd_, part.data(), part.size(), MSG_DONTWAIT);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) return std::nullopt;
      line.append(part.data(), static_cast<std::size_t>(count));
      if (const std::size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
    return std::nullopt;
  }

  bool write(const json& value) const {
    const std::string line = value.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    for (std::size_t at = 0; at < line.size();) {
      const ssize_t count = ::send(fd_, line.data() + at, line.size() - at, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count > 0) {
        at += static_cast<std::size_t>(count);
      } else if (count == 0 || (errno != EINTR && (errno != EAGAIN || !ready(POLLOUT)))) {
        return false;
      }
    }
    return true;
  }

 private:
  bool ready(short events) const {
    for (;;) {
      const auto left = std::chrono::ceil<units::Milliseconds>(deadline_ - std::chrono::steady_clock::now());
      if (left.count() <= 0) return false;
      std::array<pollfd, 2> watched{{{fd_, events, 0}, {wake_, POLLIN, 0}}};
      if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0 && errno != EINTR) return false;
      if (watched[1].revents != 0) return false;
      if (watched[0].revents != 0) return true;
    }
  }

  int fd_;
  std::chrono::steady_clock::time_point deadline_;
  int wake_;
};

Result<std::pair<Options, std::string>> parse(const std::string& line) {
  try {
    const json request = json::parse(line);
    return std::pair(Options{request.at("command"), request.at("words"), request.at("options")},
                     request.at("input").get<std::string>());
  } catch (const json::exception& fault) {
    return units::fail(ErrorCode::invalid, std::string("not a command: ") + fault.what());
  }
}

}  // namespace

Result<std::unique_ptr<ControlSocket>> ControlSocket::open(const std::filesystem::path& directory, Run run,
                                                           units::Milliseconds patience) {
  const auto file = directory / "control.sock";
  ::unlink(file.c_str());  // of a collector that was killed; the lock says that none runs
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // Mode 0600 from the first moment: the umask of a bind is the process's, so narrow the socket before.
  int error = listener < 0 ? errno : error_of(::fchmod(listener, 0600));
  if (error == 0) {
    error = with_address(directory,
                         [&](const sockaddr* address, socklen_t size) { return ::bind(listener, address, size); });
  }
  if (error == 0) error = error_of(::chmod(file.c_str(), 0600));
  if (error == 0) error = error_of(::listen(listener, 16));
  if (error != 0) {
    const std::string words = file.string() + ": " + std::strerror(error);
    if (listener >= 0) ::close(listener);
    return units::fail(ErrorCode::io, words);
  }
  const int wake = ::eventfd(0, EFD_CLOEXEC);
  return std::unique_ptr<ControlSocket>(new ControlSocket(file, listener, wake, std::move(run), patience));
}

ControlSocket::ControlSocket(std::filesystem::path file, int listener, int wake, Run run, units::Milliseconds patience)
    : file_(std::move(file)),
      listener_(listener),
      wake_(wake),
      run_(std::move(run)),
      patience_(patience),
      thread_([this] { serve(); }) {}

ControlSocket::~ControlSocket() {
  request_stop();
  thread_.join();
  ::unlink(file_.c_str());
  ::close(listener_);
  ::close(wake_);
}

void ControlSocket::request_stop() {
  stop_.request_stop();
  const std::uint64_t one = 1;  // never read again: whoever polls it from now on sees it
  (void)!::write(wake_, &one, sizeof one);
}

void ControlSocket::serve() {
  for (;;) {
    std::array<pollfd, 2> ready{{{listener_, POLLIN, 0}, {wake_, POLLIN, 0}}};
    if (::poll(ready.data(), ready.size(), -1) < 0 && errno != EINTR) return;
    if (ready[1].revents != 0) return;
    if (ready[0].revents == 0) continue;
    const Descriptor client(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (client.fd >= 0) answer(client.fd);
  }
}

void ControlSocket::answer(int client) const {
  const auto line = Line(client, std::chrono::steady_clock::now() + patience_, wake_).read();
  if (!line) return;
  const auto request = parse(*line);
  const auto result = request ? run_(request->first, request->second, stop_.get_token())
                              : Result<std::string>(std::unexpected(request.error()));
  (void)Line(client, std::chrono::steady_clock::now() + patience_, wake_)
      .write(result ? json{{"output", *result}} : json{{"error", result.error().message}});
}

std::optional<Result<std::string>> ask_collector(const std::filesystem::path& directory, const Options& options,
                                                 const std::string& input) {
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int error = with_address(
      directory, [&](const sockaddr* address, socklen_t size) { return ::connect(socket.fd, address, size); });
  if (error != 0) {
    if (error != EACCES) return std::nullopt;
    return units::fail(ErrorCode::io, (directory / "control.sock").string() +
                                          ": permission denied; run this as root or as the collector's user");
  }
  const json request{
      {"command", options.command}, {"words", options.words}, {"options", options.options}, {"input", input}};
  const Line collector(socket.fd, std::chrono::steady_clock::now() + kCommandPatience);
  std::optional<std::string> line;
  if (collector.write(request)) line = collector.read();
  const json answer = line ? json::parse(*line, nullptr, false) : json();
  if (!answer.is_object()) return units::fail(ErrorCode::unavailable, "the collector ended before it answered");
  if (answer.contains("output")) return answer.at("output").get<std::string>();
  return units::fail(ErrorCode::invalid, answer.value("error", "the collector gave no reason"));
}

}  // namespace vedette::app
