#include "agent/link/dialer.h"

#include <unistd.h>

#include <utility>

namespace vedette::link {

using units::Error;
using units::ErrorCode;
using units::fail;

Connection::~Connection() {
  if (tls) tls->shutdown();
  tls.reset();
  ::close(socket);
}

short events_of(Io io) noexcept {
  return io == Io::want_write ? POLLOUT : POLLIN;
}

Dialer::Dialer(Target target, const TlsContext& trust, const Lookup& lookup, DialLimits limits, units::Steady now)
    : target_(std::move(target)), trust_(trust), limits_(limits), resolver_(lookup), until_(now + limits.resolve) {
  resolver_.start(next_hop());
}

/// Whose address is looked up: through a proxy the collector's name is the proxy's to resolve.
CollectorAddress Dialer::next_hop() const {
  return target_.proxy ? CollectorAddress{target_.proxy->host, target_.proxy->port} : target_.collector;
}

void Dialer::interests(std::vector<pollfd>& list) const {
  if (state_ == State::resolving) list.push_back({resolver_.fd(), POLLIN, 0});
  if (state_ == State::racing) race_->interests(list);
  if (connection_) list.push_back({connection_->socket, waits_for_, 0});
}

units::Steady Dialer::deadline() const {
  return state_ == State::racing ? race_->deadline() : until_;
}

Dialer::Answer Dialer::step(units::Steady now) {
  switch (state_) {
    case State::resolving:
      return resolved(now);
    case State::racing:
      return race(now);
    case State::tunnelling:
      return dig(now);
    case State::tls:
      break;
  }
  return shake_hands(now);
}

Dialer::Answer Dialer::resolved(units::Steady now) {
  auto answer = resolver_.take();
  if (!answer && now < until_) return std::nullopt;
  if (!answer) return fail(ErrorCode::timeout, "the resolver doesn't answer");
  if (!*answer) return std::unexpected(answer->error());
  race_.emplace(std::move(**answer), Race::Limits{limits_.head_start, limits_.connect});
  state_ = State::racing;
  return race(now);
}

Dialer::Answer Dialer::race(units::Steady now) {
  auto end = race_->step(now);
  if (!end) return std::nullopt;
  race_.reset();
  if (!*end) {
    const std::string who = target_.proxy ? "the proxy " + authority(*target_.proxy) : authority(target_.collector);
    return fail(ErrorCode::unavailable, "can't connect to " + who + ": " + end->error().message);
  }
  connection_ = std::make_unique<Connection>((*end)->socket);
  connection_->address = std::move((*end)->address);
  if (!target_.proxy) return begin_tls(now);
  tunnel_.emplace(target_.collector, *target_.proxy);
  state_ = State::tunnelling;
  until_ = now + limits_.handshake;
  return dig(now);
}

Dialer::Answer Dialer::dig(units::Steady now) {
  const auto io = tunnel_->step(connection_->socket);
  if (!io) return std::unexpected(io.error());
  if (*io == Io::done) return begin_tls(now);
  waits_for_ = events_of(*io);
  if (now < until_) return std::nullopt;
  return fail(ErrorCode::timeout, "the proxy " + authority(*target_.proxy) + " didn't answer CONNECT in time");
}

Dialer::Answer Dialer::begin_tls(units::Steady now) {
  connection_->tls = std::make_unique<TlsStream>(trust_, connection_->socket, target_.collector.host);
  state_ = State::tls;
  until_ = now + limits_.handshake;
  return shake_hands(now);
}

Dialer::Answer Dialer::shake_hands(units::Steady now) {
  const auto io = connection_->tls->handshake();
  if (!io) return std::unexpected(refusal(io.error()));
  if (*io == Io::done) return std::move(connection_);
  if (*io == Io::closed) return fail(ErrorCode::unavailable, "the collector hung up during the TLS handshake");
  waits_for_ = events_of(*io);
  if (now < until_) return std::nullopt;
  return fail(ErrorCode::timeout, "the TLS handshake wasn't done in time");
}

/// A certificate that came through a proxy may be the proxy's own.
Error Dialer::refusal(const Error& error) const {
  if (error.code != ErrorCode::forbidden || !target_.proxy) return error;
  return {error.code, error.message + "; this came through the proxy " + authority(*target_.proxy) +
                          ": if it opens TLS, exempt the collector from that"};
}

}  // namespace vedette::link
