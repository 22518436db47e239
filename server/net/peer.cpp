#include "server/net/peer.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <utility>

#include "server/net/http_protocol.h"
#include "server/net/shard.h"

namespace vedette::net {
namespace {

constexpr std::size_t kMaxDiscarded = 1024 * 1024;  ///< dropped after our last word; then the socket goes

}  // namespace

Peer::Peer(Shard& shard, domain::ConnectionId id, int fd, PeerAddress address, Standing standing)
    : shard_(shard),
      id_(id),
      address_(std::move(address)),
      stream_(fd, shard.context()),
      protocol_(std::make_unique<HttpProtocol>(*this)),
      last_received_(shard.loop().now()),
      standing_(standing) {}

void Peer::start() {
  interest_ = EPOLLIN;
  key_ = shard_.loop().watch(stream_.fd(), interest_, *this);
  set_deadline(shard_.config().head_deadline);
}

void Peer::on_ready(std::uint32_t events) {
  if ((events & (EPOLLHUP | EPOLLERR)) != 0 && !may_read()) {
    // Reported whether asked for or not: left alone, a paused peer that died would spin the loop.
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(stream_.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    return end(error == ETIMEDOUT ? "timeout" : "RST");
  }
  if ((events & EPOLLOUT) != 0) write_blocked_ = false;
  pump();
}

void Peer::pump() {
  if (ended_) return;
  read();
  if (!ended_) flush();
  if (!ended_) update_interest();
}

bool Peer::may_read() const {
  return linger_.has_value() || (!input_ended_ && protocol_->wants_input());
}

void Peer::read() {
  const auto self = shared_from_this();
  const std::span<std::uint8_t> buffer = shard_.scratch();
  std::size_t taken = 0;
  read_wants_write_ = false;
  while (!ended_ && may_read()) {
    if (taken >= shard_.config().read_budget) return pump_soon();
    const Io io = stream_.read(buffer);
    if (io.kind == Io::Kind::ended) {
      input_ended_ = io.orderly() && !linger_ && protocol_->on_input_end();
      if (!input_ended_) end(io.words);
      return;
    }
    read_wants_write_ = io.kind == Io::Kind::want_write;
    if (io.kind != Io::Kind::done) return;
    taken += io.bytes;
    last_received_ = shard_.loop().now();
    if (linger_) {
      discard(io.bytes);
      if (io.drained) return;
      continue;
    }
    protocol_->on_bytes(buffer.first(io.bytes));
    retired_.reset();
    if (!ended_ && !may_read()) flush();  // what was refused may be wanted again once answers have left
    if (io.drained) return;
  }
}

void Peer::discard(std::size_t size) {
  discarded_ += size;
  if (discarded_ > kMaxDiscarded) end("sent on after the close");
}

void Peer::flush() {
  const auto self = shared_from_this();
  const bool refused = !may_read();
  bool wrote = false;
  while (!ended_ && !write_blocked_) {
    const std::span<const std::uint8_t> bytes = protocol_->output();
    if (bytes.empty()) break;
    const Io io = stream_.write(bytes);
    if (io.kind == Io::Kind::ended) return end(io.words);
    if (io.kind == Io::Kind::want_read) return;
    if (io.kind == Io::Kind::want_write) {
      write_blocked_ = true;
      break;
    }
    wrote = true;
    protocol_->consume(io.bytes);
  }
  if (ended_) return;
  if (wrote && !write_blocked_) protocol_->on_flushed();
  // What OpenSSL has read ahead raises no EPOLLIN.
  if (refused && !ended_ && may_read()) pump_soon();
  if (ended_ || write_blocked_) return;
  if (linger_ && !fin_sent_ && protocol_->output().empty()) {
    fin_sent_ = true;
    stream_.shutdown_write();
    set_deadline(linger_);
  }
}

void Peer::update_interest() {
  const std::uint32_t wanted = (may_read() ? static_cast<std::uint32_t>(EPOLLIN) : 0U) |
                               (write_blocked_ || read_wants_write_ ? static_cast<std::uint32_t>(EPOLLOUT) : 0U);
  if (wanted == interest_) return;
  interest_ = wanted;
  shard_.loop().change(key_, stream_.fd(), wanted);
}

void Peer::become(std::unique_ptr<Protocol> next) {
  retired_ = std::exchange(protocol_, std::move(next));
}

void Peer::prove() {
  if (standing_ != Standing::unproven) return;
  standing_ = Standing::proven;
  shard_.on_proven(*this);
}

void Peer::pump_soon() {
  if (ended_ || std::exchange(pump_due_, true)) return;
  shard_.loop().defer([self = shared_from_this()] {
    self->pump_due_ = false;
    self->pump();
  });
}

void Peer::set_deadline(std::optional<units::Milliseconds> delay) {
  if (deadline_) shard_.loop().cancel(*deadline_);
  deadline_.reset();
  if (!delay || ended_) return;
  deadline_ = shard_.loop().after(*delay, [this] {  // cancelled in end(), so `this` lives
    deadline_.reset();
    const auto self = shared_from_this();
    if (fin_sent_) return end("no FIN in answer to ours");
    protocol_->on_deadline();
  });
}

void Peer::finish(units::Milliseconds linger) {
  if (linger_) return;
  linger_ = linger;
  set_deadline(shard_.config().close_deadline);  // for what waits to be written
  pump_soon();
}

void Peer::drop() {
  shard_.loop().defer([self = shared_from_this()] { self->end(std::string(domain::kDropped)); });
}

void Peer::end(const std::string& how) {
  if (std::exchange(ended_, true)) return;
  set_deadline(std::nullopt);
  shard_.loop().unwatch(key_, stream_.fd());
  protocol_->on_end(how);
  shard_.remove(*this);
}

}  // namespace vedette::net
