#include "server/net/shard.h"

#include <malloc.h>

#include <utility>
#include <vector>

#include "server/net/http_protocol.h"

namespace vedette::net {
namespace {

constexpr std::size_t kMassDisconnect = 256;  ///< peers gone before freed memory is worth giving back to the system

}  // namespace

Shard::Shard(const Config& config, Poco::Net::Context::Ptr context, domain::HttpService& service, Admission& admission,
             Refusals& refusals, std::uint64_t index, std::uint64_t shards)
    : config_(config),
      context_(std::move(context)),
      service_(service),
      admission_(admission),
      refusals_(refusals),
      index_(index),
      shards_(shards),
      pulse_(std::chrono::steady_clock::now().time_since_epoch().count()) {}

units::Steady Shard::pulse() {
  if (!pulse_due_.exchange(true)) {
    loop_->post([this] {
      pulse_ = std::chrono::steady_clock::now().time_since_epoch().count();
      pulse_due_ = false;
    });
  }
  return units::Steady(units::Steady::duration(pulse_.load()));
}

void Shard::adopt(Descriptor fd, PeerAddress address, Standing standing) {
  if (empty_) return admission_.on_gone(address.network, standing);  // stopping
  const auto id = static_cast<domain::ConnectionId>(next_serial_++ * shards_ + index_);
  const auto peer = std::make_shared<Peer>(*this, id, fd.release(), std::move(address), standing);
  peers_.emplace(id, peer);
  if (standing == Standing::unproven) unproven_.insert(id);
  peer->start();
}

Peer* Shard::find(domain::ConnectionId id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : found->second.get();
}

void Shard::on_proven(const Peer& peer) {
  unproven_.erase(peer.id());
  admission_.on_proven(peer.address().network);
}

bool Shard::drop_oldest_unproven() {
  if (unproven_.empty()) return false;
  if (Peer* const oldest = find(*unproven_.begin())) oldest->drop();
  unproven_.erase(unproven_.begin());
  ++refusals_.unproven;
  return true;
}

void Shard::remove(Peer& peer) {
  unproven_.erase(peer.id());
  admission_.on_gone(peer.address().network, peer.standing());
  const auto found = peers_.find(peer.id());
  if (found != peers_.end()) {
    loop_->defer([last = std::move(found->second)] {});  // the peer is still on the stack
    peers_.erase(found);
  }
  if (++gone_ >= kMassDisconnect) trim_soon();
  if (peers_.empty() && empty_) std::exchange(empty_, [] {})();
}

void Shard::trim_soon() {
  if (std::exchange(trimming_, true)) return;
  loop_->after(units::Milliseconds{1'000}, [this] {
    trimming_ = false;
    gone_ = 0;
    ::malloc_trim(0);  // 10,000 peers gone: 130 MB stay resident otherwise, 15 MB with it
  });
}

domain::Responder Shard::responder(domain::ConnectionId id, std::uint64_t serial) {
  return [this, loop = std::weak_ptr<Loop>(loop_), id, serial](domain::Response response) {
    const auto alive = loop.lock();
    if (!alive) return;
    alive->post([this, id, serial, answer = std::move(response)] {
      Peer* const peer = find(id);
      auto* const http = peer == nullptr ? nullptr : dynamic_cast<HttpProtocol*>(&peer->protocol());
      if (http != nullptr) http->respond(serial, answer);
    });
  };
}

void Shard::stop(std::uint16_t code, const std::string& reason, std::function<void()> empty) {
  if (peers_.empty()) {
    empty_ = [] {};
    return empty();
  }
  empty_ = std::move(empty);
  for (const auto& peer : all_peers()) peer->protocol().on_stop(code, reason);
}

// A copy: what is done to them may remove them.
std::vector<std::shared_ptr<Peer>> Shard::all_peers() const {
  std::vector<std::shared_ptr<Peer>> all;
  all.reserve(peers_.size());
  for (const auto& [id, peer] : peers_) all.push_back(peer);
  return all;
}

void Shard::drop_all() {
  for (const auto& peer : all_peers()) {
    peer->protocol().on_deadline();
    peer->drop();
  }
}

}  // namespace vedette::net
