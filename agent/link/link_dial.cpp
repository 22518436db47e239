// The part of Link that gets through to the collector: its addresses, socket, TLS, upgrade.
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "agent/link/link.h"
#include "agent/link/socket.h"

namespace vedette::link {
namespace {

using units::Error;
using units::ErrorCode;
using units::Milliseconds;

/// 16 random bytes in base64 (RFC 6455 4.1).
std::string random_key() {
  std::array<unsigned char, 16> bytes{};
  std::array<unsigned char, 25> text{};
  if (RAND_bytes(bytes.data(), bytes.size()) != 1) std::abort();
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), bytes.size());
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

}  // namespace

void Link::begin(units::Steady now) {
  if (!tls_context_) {
    auto context = TlsContext::create(options_.pin);
    if (!context) return end(context.error(), now);
    tls_context_ = std::move(*context);
  }
  addresses_.clear();
  next_address_ = 0;
  state_ = State::resolving;
  until_ = now + limits_.resolve;
  resolver_.start(options_.address);
  resolved(now);
}

void Link::resolved(units::Steady now) {
  auto answer = resolver_.take();
  if (!answer) {
    if (now >= until_) end({ErrorCode::timeout, "the resolver doesn't answer"}, now);
    return;
  }
  if (!*answer) return end(answer->error(), now);
  addresses_ = std::move(**answer);
  connect_next(now, "it has no address");
}

void Link::connect_next(units::Steady now, std::string why) {
  close_socket();
  while (next_address_ < addresses_.size()) {
    const SocketAddress& address = addresses_[next_address_++];
    const auto socket = begin_connect(address);
    if (socket) {
      socket_ = *socket;
      waits_for_ = POLLOUT;
      state_ = State::connecting;
      until_ = now + limits_.connect;
      return;
    }
    why = to_string(address) + ": " + socket.error().message;
  }
  end({ErrorCode::unavailable, "can't connect to " + authority(options_.address) + ": " + why}, now);
}

void Link::connected_or_not(units::Steady now) {
  pollfd ready{socket_, POLLOUT, 0};
  if (::poll(&ready, 1, 0) <= 0) {
    if (now >= until_) connect_next(now, to_string(addresses_[next_address_ - 1]) + ": no answer");
    return;
  }
  if (const auto finished = finish_connect(socket_); !finished) {
    return connect_next(now, to_string(addresses_[next_address_ - 1]) + ": " + finished.error().message);
  }
  tls_ = std::make_unique<TlsStream>(*tls_context_, socket_, options_.address.host);
  state_ = State::tls;
  until_ = now + limits_.handshake;
  shake_hands(now);
}

void Link::shake_hands(units::Steady now) {
  const auto io = tls_->handshake();
  if (!io) return end(io.error(), now);
  if (*io == Io::closed) return end({ErrorCode::unavailable, "the collector hung up during the TLS handshake"}, now);
  if (*io != Io::done) {
    waits_for_ = events_of(*io);
    if (now >= until_) end({ErrorCode::timeout, "the TLS handshake wasn't done in time"}, now);
    return;
  }
  websocket_key_ = random_key();
  outgoing_ = upgrade_request(options_.address, websocket_key_, {.bearer = options_.key});
  incoming_.clear();
  state_ = State::upgrading;
  send_upgrade(now);
}

void Link::send_upgrade(units::Steady now) {
  while (!outgoing_.empty()) {
    const auto written = tls_->write({reinterpret_cast<const std::uint8_t*>(outgoing_.data()), outgoing_.size()});
    if (!written) return end(written.error(), now);
    if (written->io == Io::closed || now >= until_) {
      return end({ErrorCode::unavailable, "the collector didn't take the upgrade request"}, now);
    }
    if (written->io != Io::done) {
      waits_for_ = events_of(written->io);
      return;
    }
    outgoing_.erase(0, written->count);
  }
  waits_for_ = POLLIN;
  read_upgrade(now);
}

void Link::read_upgrade(units::Steady now) {
  std::array<std::uint8_t, 4096> buffer{};
  while (true) {
    const auto head = parse_response(incoming_);
    if (!head) return end(head.error(), now);
    if (*head) {
      const auto upgraded = check_upgrade(**head, websocket_key_);
      if (upgraded) return open(now, std::string(incoming_.substr((*head)->size)));
      const bool for_good = upgraded.error().code != ErrorCode::unavailable;
      return end(upgraded.error(), now, for_good ? limits_.refused : retry_after(**head).value_or(Milliseconds{0}));
    }
    const auto got = tls_->read(buffer);
    if (!got) return end(got.error(), now);
    if (got->io == Io::closed) return end({ErrorCode::unavailable, "the collector hung up before the upgrade"}, now);
    if (got->io != Io::done) {
      waits_for_ = events_of(got->io);
      if (now >= until_) end({ErrorCode::timeout, "the collector didn't answer the upgrade in time"}, now);
      return;
    }
    incoming_.append(reinterpret_cast<const char*>(buffer.data()), got->count);
  }
}

}  // namespace vedette::link
