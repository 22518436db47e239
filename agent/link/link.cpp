#include "agent/link/link.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>

#include "agent/link/socket.h"
#include "schema/units/log.h"

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

wire::StreamId random_stream() {
  wire::StreamId id = 0;
  while (id == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&id), sizeof id) != 1) std::abort();
  }
  return id;
}

short events_of(Io io) {
  return io == Io::want_write ? POLLOUT : POLLIN;
}

}  // namespace

Link::Link(LinkOptions options, Backlog& backlog, Host& host, LinkLimits limits)
    : options_(std::move(options)), backlog_(backlog), host_(host), limits_(limits), resolver_(options_.lookup) {}

Link::~Link() {
  close_socket();
}

void Link::interests(std::vector<pollfd>& list) const {
  if (state_ == State::resolving) list.push_back({resolver_.fd(), POLLIN, 0});
  if (socket_ >= 0) list.push_back({socket_, waits_for_, 0});
}

units::Steady Link::deadline() const {
  units::Steady first = until_;
  if (state_ == State::open) {
    first = heard_at_ + limits_.silence;
    if (const auto due = conversation_->due()) first = std::min(first, *due);
    if (!conversation_->welcomed()) first = std::min(first, until_);
  }
  return first;
}

void Link::step(units::Steady now) {
  switch (state_) {
    case State::waiting:
      if (now >= until_) begin(now);
      return;
    case State::resolving:
      return resolved(now);
    case State::connecting:
      return connected_or_not(now);
    case State::tls:
      return shake_hands(now);
    case State::upgrading:
      return outgoing_.empty() ? read_upgrade(now) : send_upgrade(now);
    case State::open:
    case State::leaving:
      return talk(now);
    case State::gone:
      return;
  }
}

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

void Link::open(units::Steady now, std::string_view rest) {
  state_ = State::open;
  heard_at_ = now;
  until_ = now + limits_.welcome;
  noted_welcome_ = noted_ack_ = false;
  conversation_ = std::make_unique<Conversation>(backlog_, host_,
                                                 Conversation::Options{.stream = random_stream(),
                                                                       .version = options_.version,
                                                                       .cautious = !suspects_.empty(),
                                                                       .drops_reported = drops_reported_});
  conversation_->start(now);
  incoming_.clear();
  if (!rest.empty()) {
    const auto taken = conversation_->receive({reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()}, now);
    if (!taken) return end_conversation(taken.error(), now);
  }
  talk(now);
}

/// Reads until the socket has no more, or enough for one turn. False if the connection ended.
bool Link::read_all(units::Steady now) {
  std::array<std::uint8_t, 16 * 1024> buffer{};
  for (int turn = 0; turn < 16 && conversation_->session().wants_input(); ++turn) {
    const auto got = tls_->read(buffer);
    if (!got || got->io == Io::closed) {
      const auto& farewell = conversation_->farewell();
      end_conversation(got ? Error{ErrorCode::unavailable, farewell ? "closed" : "the connection ended without goodbye"}
                           : got.error(),
                       now);
      return false;
    }
    if (got->io != Io::done) {
      waits_for_ = static_cast<short>(waits_for_ | events_of(got->io));
      return true;
    }
    heard_at_ = now;
    const auto taken = conversation_->receive(std::span(buffer).first(got->count), now);
    if (!taken) {
      write_all(now);
      if (state_ == State::open || state_ == State::leaving) end_conversation(taken.error(), now);
      return false;
    }
  }
  return true;
}

bool Link::write_all(units::Steady now) {
  wire::Session& session = conversation_->session();
  while (!session.output().empty()) {
    const auto written = tls_->write(session.output());
    if (!written || written->io == Io::closed) {
      end_conversation(
          written ? Error{ErrorCode::unavailable, "the connection ended without goodbye"} : written.error(), now);
      return false;
    }
    if (written->io != Io::done) {
      waits_for_ = static_cast<short>(waits_for_ | events_of(written->io));
      return true;
    }
    session.consume(written->count);
  }
  return true;
}

void Link::talk(units::Steady now) {
  waits_for_ = POLLIN;
  if (!read_all(now)) return;
  if (state_ == State::open) conversation_->pump(now);
  note_progress(now);
  if (!write_all(now)) return;
  const wire::Session& session = conversation_->session();
  // It has to take what waits for it before it may say more.
  if (!session.wants_input() && session.queued() > 0) waits_for_ = POLLOUT;
  if (session.close_received() && session.queued() == 0) {
    return end_conversation({ErrorCode::unavailable, "closed"}, now);
  }
  if (state_ == State::leaving) {
    if (now >= until_) end_conversation({ErrorCode::timeout, "the collector didn't answer our goodbye"}, now);
    return;
  }
  if (!conversation_->welcomed() && now >= until_) {
    return end_conversation({ErrorCode::timeout, "the collector took the connection and sent no welcome"}, now);
  }
  // What was buffered has been read above: this is the collector's silence, not ours.
  if (now - heard_at_ >= limits_.silence) {
    end_conversation(
        {ErrorCode::timeout, "nothing was heard from the collector for " + units::spoken_duration(limits_.silence)},
        now);
  }
}

void Link::note_progress(units::Steady) {
  if (conversation_->welcomed() && !noted_welcome_) {
    noted_welcome_ = true;
    ++connections_;
    last_failure_.clear();
    failures_ = 0;
    units::log_info("connected", {{"collector", authority(options_.address)},
                                  {"address", to_string(addresses_[next_address_ - 1])},
                                  {"host_id", conversation_->host_id()}});
  }
  if (conversation_->acked() && !noted_ack_) {
    noted_ack_ = true;
    backoff_.reset();
  }
}

void Link::leave(wire::GoodbyeReason reason, units::Steady now) {
  if (state_ != State::open || !conversation_->welcomed()) {
    if (conversation_ && !conversation_->welcomed()) backlog_.withdraw();
    close_socket();
    state_ = State::gone;
    return;
  }
  conversation_->leave(reason, now);
  state_ = State::leaving;
  until_ = now + limits_.goodbye;
  talk(now);
}

}  // namespace vedette::link
