#include "agent/link/exchange.h"

#include <algorithm>
#include <array>
#include <vector>

#include "agent/link/http.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::fail;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostAnswer = 64 * 1024;

/// Waits for one of them or `until`; fails when asked to stop.
units::Result<void> wait(std::vector<pollfd> list, const Reach& reach, units::Steady until) {
  if (reach.stop >= 0) list.push_back({reach.stop, POLLIN, 0});
  const auto left = std::chrono::ceil<units::Milliseconds>(until - Clock::now()).count();
  ::poll(list.data(), list.size(), left > 0 ? static_cast<int>(left) : 0);
  if (reach.stop >= 0 && (list.back().revents & POLLIN) != 0) return fail(ErrorCode::unavailable, "asked to stop");
  return {};
}

/// The same for a connection; fails when time is up too.
units::Result<void> wait(const Connection& connection, Io io, const Reach& reach, units::Steady until) {
  if (Clock::now() >= until) return fail(ErrorCode::timeout, "the collector doesn't answer in time");
  return wait({{connection.socket, events_of(io), 0}}, reach, until);
}

units::Result<void> send_all(Connection& connection, std::string_view text, const Reach& reach, units::Steady until) {
  while (!text.empty()) {
    const auto io = connection.tls->write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    if (!io) return std::unexpected(io.error());
    if (io->io == Io::closed) return fail(ErrorCode::unavailable, "the collector hung up");
    if (io->io != Io::done) {
      if (auto waited = wait(connection, io->io, reach, until); !waited) return waited;
    }
    text.remove_prefix(io->count);
  }
  return {};
}

/// The answer in these bytes; nothing while it isn't complete.
units::Result<std::optional<Answer>> parse_whole(std::string_view text, bool ended) {
  const auto head = parse_response(text);
  if (!head) return std::unexpected(head.error());
  if (!*head) return std::nullopt;
  // No body, whatever the head says (RFC 9112 6.3).
  if ((*head)->status == 204) return Answer{204, {}, std::nullopt};
  auto body = parse_body(**head, text.substr((*head)->size), ended);
  if (!body) return std::unexpected(body.error());
  if (!*body) return std::nullopt;
  return Answer{(*head)->status, std::move(**body), retry_after(**head)};
}

}  // namespace

units::Result<std::unique_ptr<Connection>> connect(const CollectorAddress& address, const Reach& reach,
                                                   units::Steady until) {
  const auto trust = TlsContext::create(reach.pin);
  if (!trust) return std::unexpected(trust.error());
  Dialer dialer({address, reach.proxy.for_collector(address)}, *trust, reach.lookup, {}, Clock::now());
  while (true) {
    if (auto dialled = dialer.step(Clock::now())) return std::move(*dialled);
    if (Clock::now() >= until) return fail(ErrorCode::timeout, "the collector doesn't answer in time");
    std::vector<pollfd> list;
    dialer.interests(list);
    if (auto waited = wait(std::move(list), reach, std::min(until, dialer.deadline())); !waited) {
      return std::unexpected(waited.error());
    }
  }
}

units::Result<Answer> ask(Connection& connection, std::string_view request, const Reach& reach, units::Steady until) {
  if (const auto sent = send_all(connection, request, reach, until); !sent) return std::unexpected(sent.error());
  std::string text;
  std::array<std::uint8_t, 4096> buffer{};
  bool ended = false;
  while (text.size() < kMostAnswer) {
    auto whole = parse_whole(text, ended);
    if (!whole) return std::unexpected(whole.error());
    if (*whole) return std::move(**whole);
    if (ended) return fail(ErrorCode::unavailable, "the collector hung up before its answer was complete");
    const auto io = connection.tls->read(buffer);
    if (!io) return std::unexpected(io.error());
    ended = io->io == Io::closed;
    if (ended) continue;
    if (io->io != Io::done) {
      if (const auto waited = wait(connection, io->io, reach, until); !waited) return std::unexpected(waited.error());
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), io->count);
  }
  return fail(ErrorCode::too_large, "the answer is over 64 kB; is this a Vedette collector?");
}

}  // namespace vedette::link
