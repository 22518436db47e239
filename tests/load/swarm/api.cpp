#include "tests/load/swarm/api.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "agent/link/socket.h"

namespace vedette::swarm {

using units::ErrorCode;
using units::fail;

namespace {
constexpr int kPatienceMs = 30'000;
}

void Api::hang_up() {
  tls_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

bool Api::wait(link::Io io) const {
  pollfd one{fd_, static_cast<short>(io == link::Io::want_write ? POLLOUT : POLLIN), 0};
  return ::poll(&one, 1, kPatienceMs) > 0;
}

units::Result<void> Api::connect() {
  const auto fd = connect_to(target_, 0);
  if (!fd) return std::unexpected(fd.error());
  fd_ = *fd;
  if (!wait(link::Io::want_write)) return fail(ErrorCode::timeout, "no connection in time");
  if (const auto done = link::finish_connect(fd_); !done) return done;
  tls_ = std::make_unique<link::TlsStream>(target_.tls, fd_, target_.address.host);
  for (;;) {
    const auto io = tls_->handshake();
    if (!io) return std::unexpected(io.error());
    if (*io == link::Io::done) return {};
    if (*io == link::Io::closed || !wait(*io)) return fail(ErrorCode::unavailable, "no TLS handshake");
  }
}

units::Result<Api::Answer> Api::receive() {
  std::string text;
  std::array<std::uint8_t, 16 * 1024> buffer{};
  for (bool ended = false;;) {
    auto head = link::parse_response(text);
    if (!head) return std::unexpected(head.error());
    if (*head) {
      auto body = link::parse_body(**head, std::string_view(text).substr((*head)->size), ended);
      if (!body) return std::unexpected(body.error());
      if (*body) return Answer{std::move(**head), std::move(**body)};
    }
    if (ended) return fail(ErrorCode::unavailable, "the connection ended");
    const auto io = tls_->read(buffer);
    if (!io) return std::unexpected(io.error());
    ended = io->io == link::Io::closed;
    if (io->io == link::Io::done) text.append(reinterpret_cast<const char*>(buffer.data()), io->count);
    if (io->io != link::Io::done && !ended && !wait(io->io)) return fail(ErrorCode::timeout, "no answer in time");
  }
}

units::Result<Api::Answer> Api::exchange(const std::string& request) {
  if (fd_ < 0) {
    if (const auto connected = connect(); !connected) return std::unexpected(connected.error());
  }
  std::string_view rest = request;
  while (!rest.empty()) {
    const auto io = tls_->write({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()});
    if (!io) return std::unexpected(io.error());
    if (io->io == link::Io::closed) return fail(ErrorCode::unavailable, "the connection ended");
    rest.remove_prefix(io->count);
    if (io->io != link::Io::done && !wait(io->io)) return fail(ErrorCode::timeout, "the request isn't taken");
  }
  return receive();
}

units::Result<Api::Answer> Api::ask(std::string_view method, const std::string& path, const std::string& json) {
  const std::string host = link::authority(target_.address);
  std::string request = std::string(method) + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\nOrigin: https://" +
                        host + "\r\nX-Requested-With: vedette\r\n";
  if (!cookie_.empty()) request += "Cookie: " + cookie_ + "\r\n";
  if (!json.empty()) {
    request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(json.size()) + "\r\n";
  }
  request += "\r\n" + json;
  const bool kept = fd_ >= 0;
  auto answer = exchange(request);
  if (!answer) {
    hang_up();
    if (!kept) return answer;
    answer = exchange(request);  // the collector may end a connection between two requests
  }
  if (!answer) return answer;
  if (answer->head.field("connection") == "close") hang_up();
  if (answer->head.status / 100 != 2) {
    const auto detail = link::json_member(answer->body, "detail");
    return fail(ErrorCode::unavailable,
                path + ": " + std::to_string(answer->head.status) + " " + detail.value_or(answer->body));
  }
  return answer;
}

units::Result<Api::Host> Api::enroll(const std::string& token, const std::string& hostname) {
  const auto answer =
      ask("POST", "/api/v1/agent/enroll",
          "{\"token\":" + link::json_string(token) + ",\"hostname\":" + link::json_string(hostname) + "}");
  if (!answer) return std::unexpected(answer.error());
  return Host{link::json_member(answer->body, "host_id").value_or(""),
              link::json_member(answer->body, "key").value_or("")};
}

units::Result<std::string> Api::log_in(const std::string& user, const std::string& password) {
  const auto answer =
      ask("POST", "/api/v1/session",
          "{\"user\":" + link::json_string(user) + ",\"password\":" + link::json_string(password) + "}");
  if (!answer) return std::unexpected(answer.error());
  const std::string_view cookie = answer->head.field("set-cookie");
  cookie_ = std::string(cookie.substr(0, cookie.find(';')));
  return cookie_;
}

units::Result<std::vector<std::int64_t>> Api::sample_times(const std::string& host_id, std::string_view series,
                                                           units::Instant from, units::Instant to) {
  const auto answer = ask("GET", "/api/v1/history?host=" + host_id + "&series=" + std::string(series) + "&from=" +
                                     units::unix_seconds(from) + "&to=" + units::unix_seconds(to) + "&step=0");
  if (!answer) return std::unexpected(answer.error());
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  std::vector<std::int64_t> times;
  if (!body.is_object() || body["series"].empty()) return times;
  for (const auto& t : body["series"][0]["t"]) times.push_back(std::llround(t.get<double>() * 1000));
  return times;
}

}  // namespace vedette::swarm
