#include "server/net/server.h"

#include <pthread.h>
#include <sys/resource.h>

#include <csignal>

#include <algorithm>
#include <atomic>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "server/net/listener.h"
#include "server/net/shard.h"
#include "server/net/tls.h"

namespace vedette::net {
namespace {

unsigned loop_count(const Config& config) {
  if (config.loops > 0) return config.loops;
  return std::clamp(std::thread::hardware_concurrency(), 1U, 4U);
}

std::size_t connection_limit(const Config& config) {
  if (config.connections > 0) return config.connections;
  constexpr rlim_t kOthers = 1'000;  // databases, chunk files, the outbox's conversations
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return kOthers;
  return static_cast<std::size_t>(files.rlim_cur - std::min(kOthers, files.rlim_cur / 2));
}

/// One for each loop: what Poco counts of a context's users then belongs to one thread. Null without TLS.
units::Result<std::vector<Poco::Net::Context::Ptr>> make_contexts(const Config& config, std::size_t loops) {
  std::vector<Poco::Net::Context::Ptr> contexts(loops);
  for (auto& context : contexts) {
    if (config.plaintext) continue;
    auto made = make_server_context(config.certificate_file, config.key_file);
    if (!made) return std::unexpected(std::move(made.error()));
    context = std::move(*made);
  }
  return contexts;
}

}  // namespace

struct Server::Running {
  std::vector<std::unique_ptr<Shard>> shards;
  std::unique_ptr<Listener> listener;  ///< lives on the first shard's loop
  std::vector<std::thread> threads;
  std::uint16_t port = 0;
  Listener::Most most;
  std::size_t next = 0;  ///< shard of the next connection; the listener's thread

  /// Admission for shards made before the listener.
  struct Forward final : Admission {
    Listener* to = nullptr;
    void on_proven(const std::string& network) override { to->on_proven(network); }
    void on_gone(const std::string& network, Standing standing) override { to->on_gone(network, standing); }
  } admission;

  void hand_on(Descriptor fd, PeerAddress address, Standing standing, bool full) {
    Shard& shard = *shards[next++ % shards.size()];
    // std::function wants copies, a descriptor has one owner.
    auto owned = std::make_shared<Descriptor>(std::move(fd));
    shard.loop().post(
        [&shard, owned, peer = std::move(address), standing] { shard.adopt(std::move(*owned), peer, standing); });
    // Loops get connections in turn: the oldest of the next one is about the oldest of all.
    if (full) drop_unproven(next % shards.size(), shards.size());
  }

  /// On the first of `left` shards, from `at` on, that has one.
  void drop_unproven(std::size_t at, std::size_t left) {
    shards[at]->loop().post([this, at, left] {
      if (!shards[at]->drop_oldest_unproven() && left > 1) drop_unproven((at + 1) % shards.size(), left - 1);
    });
  }
};

Server::Server(Config config, domain::HttpService& service) : config_(std::move(config)), service_(service) {}

Server::~Server() {
  stop();
}

units::Result<void> Server::start() {
  const unsigned loops = loop_count(config_);
  auto contexts = make_contexts(config_, loops);
  if (!contexts) return std::unexpected(std::move(contexts.error()));
  auto socket = listen_on(config_);
  if (!socket) return std::unexpected(socket.error());
  std::signal(SIGPIPE, SIG_IGN);

  running_ = std::make_unique<Running>();
  Running& running = *running_;
  running.port = local_port(*socket);
  for (unsigned i = 0; i < loops; ++i) {
    running.shards.push_back(
        std::make_unique<Shard>(config_, std::move((*contexts)[i]), service_, running.admission, refusals_, i, loops));
  }
  Loop& first = running.shards.front()->loop();
  running.most.connections = connection_limit(config_);
  running.most.unproven =
      config_.unproven > 0 ? config_.unproven : std::max<std::size_t>(1, running.most.connections / 2);
  running.listener =
      std::make_unique<Listener>(first, config_, running.most, refusals_, std::move(*socket),
                                 [&running](Descriptor fd, PeerAddress address, Standing standing, bool full) {
                                   running.hand_on(std::move(fd), std::move(address), standing, full);
                                 });
  running.admission.to = running.listener.get();
  first.post([&running] { running.listener->start(); });
  for (const auto& shard : running.shards) {
    running.threads.emplace_back([&shard] { shard->loop().run(); });
    ::pthread_setname_np(running.threads.back().native_handle(), "loop");  // whose CPU time it is: top -H, the benches
  }
  return {};
}

std::uint16_t Server::port() const noexcept {
  return running_ ? running_->port : 0;
}

Server::Counts Server::counts() const noexcept {
  if (!running_) return {};
  return {running_->listener->connections(), refusals_.connections + refusals_.unproven_per_address,
          running_->listener->rests()};
}

std::size_t Server::most_connections() const noexcept {
  return running_ ? running_->most.connections : 0;
}

std::vector<units::Steady> Server::pulses() {
  std::vector<units::Steady> pulses;
  if (!running_) return pulses;
  for (const auto& shard : running_->shards) pulses.push_back(shard->pulse());
  return pulses;
}

units::Result<void> Server::reload_certificate() {
  if (config_.plaintext || !running_) return {};
  auto contexts = make_contexts(config_, running_->shards.size());
  if (!contexts) return std::unexpected(std::move(contexts.error()));
  for (std::size_t i = 0; i < contexts->size(); ++i) {
    Shard& shard = *running_->shards[i];
    shard.loop().post([&shard, context = std::move((*contexts)[i])]() mutable { shard.use(std::move(context)); });
  }
  return {};
}

void Server::stop(std::uint16_t code, std::string_view reason) {
  if (!running_ || running_->threads.empty()) return;
  Running& running = *running_;
  const auto deadline = std::chrono::steady_clock::now() + config_.drain_deadline;
  std::promise<void> closed;
  running.shards.front()->loop().post([&] {
    running.listener->stop();
    closed.set_value();
  });
  closed.get_future().wait();  // from here on no connection is handed on

  std::vector<std::shared_ptr<std::promise<void>>> empty;
  for (const auto& shard : running.shards) {
    empty.push_back(std::make_shared<std::promise<void>>());
    shard->loop().post([&shard, code, words = std::string(reason), done = empty.back()] {
      shard->stop(code, words, [done] { done->set_value(); });
    });
  }
  for (const auto& done : empty) done->get_future().wait_until(deadline);
  for (const auto& shard : running.shards) {
    shard->loop().post([&shard] {
      shard->drop_all();
      shard->loop().defer([&shard] { shard->loop().stop(); });  // after the drops, which are deferred too
    });
  }
  for (std::thread& thread : running.threads) thread.join();
  running.threads.clear();  // the rest stays: with() and responders of other threads may still call it
}

void Server::with(domain::ConnectionId id, std::function<void(domain::Connection&)> task) {
  if (!running_) return;
  Shard& shard = *running_->shards[static_cast<std::uint64_t>(id) % running_->shards.size()];
  shard.loop().post([&shard, id, run = std::move(task)] {
    Peer* const peer = shard.find(id);
    domain::Connection* const connection = peer == nullptr ? nullptr : peer->protocol().connection();
    if (connection != nullptr) run(*connection);
  });
}

}  // namespace vedette::net
