#include "agent/link/enroll.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "agent/link/http.h"
#include "agent/link/resolver.h"
#include "agent/link/socket.h"
#include "agent/link/tls.h"
#include "schema/units/host_id.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::fail;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAnswer = 64 * 1024;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() { ::close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

/// False when time is up.
bool wait(int fd, Io io, units::Steady until) {
  const auto left = std::chrono::ceil<units::Milliseconds>(until - Clock::now()).count();
  pollfd one{fd, static_cast<short>(io == Io::want_write ? POLLOUT : POLLIN), 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) > 0;
}

Error late() {
  return {ErrorCode::timeout, "the collector doesn't answer in time"};
}

units::Result<int> connect_any(const CollectorAddress& address, units::Steady until) {
  const auto addresses = resolve_now(address);
  if (!addresses) return std::unexpected(addresses.error());
  std::string why = "it has no address";
  for (const SocketAddress& one : *addresses) {
    const auto fd = begin_connect(one);
    auto finished = fd ? units::Result<void>() : std::unexpected(fd.error());
    if (fd) finished = wait(*fd, Io::want_write, until) ? finish_connect(*fd) : std::unexpected(late());
    if (finished) return *fd;
    if (fd) ::close(*fd);
    why = to_string(one) + ": " + finished.error().message;
  }
  return fail(ErrorCode::unavailable, "can't connect to " + authority(address) + ": " + why +
                                          "; is the collector running, and does a firewall let this port through?");
}

units::Result<void> send_all(TlsStream& tls, int fd, std::string_view text, units::Steady until) {
  while (!text.empty()) {
    const auto io = tls.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!io) return std::unexpected(io.error());
    if (io->io == Io::closed) return fail(ErrorCode::unavailable, "the collector hung up");
    if (io->io != Io::done && !wait(fd, io->io, until)) return std::unexpected(late());
    text.remove_prefix(io->count);
  }
  return {};
}

struct Answer {
  int status = 0;
  std::string body;
};

/// The answer in these bytes; nothing while it isn't complete.
units::Result<std::optional<Answer>> parse_whole(std::string_view text, bool ended) {
  const auto head = parse_response(text);
  if (!head) return std::unexpected(head.error());
  if (!*head) return std::nullopt;
  auto body = parse_body(**head, text.substr((*head)->size), ended);
  if (!body) return std::unexpected(body.error());
  if (!*body) return std::nullopt;
  return Answer{(*head)->status, std::move(**body)};
}

units::Result<Answer> receive_all(TlsStream& tls, int fd, units::Steady until) {
  std::string text;
  std::array<std::uint8_t, 4096> buffer{};
  bool ended = false;
  while (text.size() < kMostAnswer) {
    auto whole = parse_whole(text, ended);
    if (!whole) return std::unexpected(whole.error());
    if (*whole) return std::move(**whole);
    if (ended) return fail(ErrorCode::unavailable, "the collector hung up before its answer was complete");
    const auto io = tls.read(buffer);
    if (!io) return std::unexpected(io.error());
    ended = io->io == Io::closed;
    if (ended) continue;
    if (io->io != Io::done && !wait(fd, io->io, until)) return std::unexpected(late());
    text.append(reinterpret_cast<const char*>(buffer.data()), io->count);
  }
  return fail(ErrorCode::too_large, "the answer is over 64 kB; is this a Vedette collector?");
}

units::Result<Answer> exchange(const CollectorAddress& address, const TlsContext& context, const std::string& request,
                               units::Steady until) {
  const auto fd = connect_any(address, until);
  if (!fd) return std::unexpected(fd.error());
  const Socket socket(*fd);
  TlsStream tls(context, socket.fd(), address.host);
  while (true) {
    const auto io = tls.handshake();
    if (!io) return std::unexpected(io.error());
    if (*io == Io::done) break;
    if (*io == Io::closed) return fail(ErrorCode::unavailable, "the collector hung up during the TLS handshake");
    if (!wait(socket.fd(), *io, until)) return std::unexpected(late());
  }
  if (const auto sent = send_all(tls, socket.fd(), request, until); !sent) return std::unexpected(sent.error());
  auto answer = receive_all(tls, socket.fd(), until);
  tls.shutdown();
  return answer;
}

units::Result<Enrolment> enrolment_of(const Answer& answer) {
  const auto& [status, body] = answer;
  if (status == 401 || status == 403) {
    return fail(ErrorCode::unauthorized,
                "the collector refuses the token: it is mistyped, used up or expired; make a new one with "
                "`vedette-server token create`");
  }
  if (status != 200 && status != 201) {
    const auto detail = json_member(body, "detail");
    return fail(status == 429 || status >= 500 ? ErrorCode::unavailable : ErrorCode::invalid,
                "the collector answered HTTP " + std::to_string(status) + (detail ? ": " + *detail : ""));
  }
  const auto id = json_member(body, "host_id"), key = json_member(body, "key");
  const bool printable = key && std::ranges::all_of(*key, [](char c) { return c > ' ' && c < 0x7f; });
  if (!id || !units::parse_host_id(*id) || !printable || key->empty() || key->size() > 1024) {
    return fail(ErrorCode::invalid, "the answer has no host_id and key; is this a Vedette collector?");
  }
  return Enrolment{*id, *key};
}

}  // namespace

units::Result<Enrolment> enroll(const CollectorAddress& address, const std::optional<Pin>& pin,
                                const std::string& token, const std::string& hostname, units::Milliseconds limit) {
  const auto context = TlsContext::create(pin);
  if (!context) return std::unexpected(context.error());
  const std::string json = "{\"token\":" + json_string(token) + ",\"hostname\":" + json_string(hostname) + "}";
  const auto answer =
      exchange(address, *context, post_request(address, "/api/v1/agent/enroll", json), Clock::now() + limit);
  if (!answer) return std::unexpected(answer.error());
  return enrolment_of(*answer);
}

}  // namespace vedette::link
