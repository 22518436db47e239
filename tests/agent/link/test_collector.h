// A collector for tests: TLS, upgrade and vedette.agent.v1 on a loopback port, one connection at a time, on its own
// thread. It keeps every tick that it accepted and can misbehave on request.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "schema/wire/messages.h"
#include "tests/agent/link/authority.h"

namespace vedette::link {

struct Behaviour {
  std::string answer = {};  ///< to any request, instead of the upgrade; "" upgrades
  bool welcome = true;
  bool ack = true;      ///< after every message, or with the pings if they are rare
  bool ping = true;     ///< every `every_ms`
  bool goodbye = true;  ///< answers a close
  int interval_ms = 20;
  int every_ms = 20;                                    ///< pings; from 1000 on also the acks
  std::optional<std::uint16_t> fault_on_backfill = {};  ///< closes with this code at a backfill
  std::optional<wire::Retry> retry = {};                ///< sent instead of Welcome
};

/// What it saw. Copied under its lock.
struct Seen {
  int connections = 0;
  std::vector<std::string> requests;
  std::vector<wire::Hello> hellos;
  std::vector<wire::GoodbyeReason> goodbyes;
  std::vector<std::uint16_t> closes;
  std::map<wire::StreamId, std::map<wire::TickNumber, std::int64_t>> ticks;  ///< accepted: number -> time, ms
  std::size_t live = 0, packed = 0, again = 0;                               ///< ticks; `again`: were accepted before
  std::size_t backfill_ends = 0;
  std::size_t series = 0;
  std::string error;
  [[nodiscard]] std::size_t total() const;
};

class TestCollector {
 public:
  TestCollector(const Signed& authority, const Signed& server, Behaviour behaviour = {});
  ~TestCollector();
  TestCollector(const TestCollector&) = delete;
  TestCollector& operator=(const TestCollector&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  void behave(const std::function<void(Behaviour&)>& change);
  [[nodiscard]] Seen seen() const;
  void cut() { cut_ = true; }  ///< resets the connection
  void close(std::uint16_t code, std::string reason);
  void write(std::string bytes);               ///< as they are, right or wrong
  void shut_port(bool shut) { shut_ = shut; }  ///< while shut, connections are taken and dropped

 private:
  struct Peer;
  void run();
  void serve(int fd);
  bool answer_request(Peer& peer);
  void talk(Peer& peer);
  Behaviour behaviour() const;

  int listener_ = -1;
  std::uint16_t port_ = 0;
  struct ssl_ctx_st* context_ = nullptr;
  std::atomic<bool> stop_ = false, cut_ = false, shut_ = false;
  mutable std::mutex mutex_;
  Behaviour behaviour_;
  std::optional<std::pair<std::uint16_t, std::string>> close_;
  std::string bytes_;
  Seen seen_;
  std::thread thread_;
};

}  // namespace vedette::link
