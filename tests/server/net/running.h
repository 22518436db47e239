// A server on its loops with a service that echoes, for tests to talk to with real sockets.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "server/net/server.h"
#include "tests/server/net/client.h"

namespace vedette::net::testing {

/// What happened on the loops, for the test's thread to wait for.
class Seen {
 public:
  void add(std::string what) {
    const std::scoped_lock lock(mutex_);
    what_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(10), [&] { return !what_.empty(); })) return "nothing";
    std::string what = std::move(what_.front());
    what_.pop_front();
    return what;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> what_;
};

inline std::string words(const domain::Ending& ending) {
  using How = domain::Ending::How;
  return std::string(ending.how == How::closed          ? "closed"
                     : ending.how == How::without_close ? "without_close"
                                                        : "gave_up") +
         " " + std::to_string(ending.code) + " " + ending.words + (ending.by_us ? " by us" : "");
}

/// Echoes; "close CODE" closes, "abort" aborts, "pause" stops reading, "path" asks for the proxy and the peer. Reports
/// its end.
class Echo final : public domain::ConnectionHandler {
 public:
  explicit Echo(Seen& seen) : seen_(seen) {}
  void on_open(domain::Connection& connection) override {
    connection_ = &connection;
    seen_.add("open");
    id = connection.id();
  }
  void on_text(std::string_view payload) override {
    if (payload.starts_with("close ")) {
      connection_->close(static_cast<std::uint16_t>(std::stoi(std::string(payload.substr(6)))), "asked to");
    } else if (payload == "abort") {
      connection_->abort();
    } else if (payload == "pause") {
      connection_->pause_reading(true);
      seen_.add("paused");
    } else if (payload == "path") {
      connection_->send_text("by \"" + connection_->path().proxy + "\" from " + std::string(connection_->peer()));
    } else if (payload == "tcp") {
      connection_->send_text(connection_->tcp_state() ? "has tcp state" : "no tcp state");
    } else {
      connection_->send_text(payload);
    }
  }
  void on_binary(std::span<const std::uint8_t> payload) override {
    connection_->send_binary({reinterpret_cast<const char*>(payload.data()), payload.size()});
  }
  void on_pong(std::span<const std::uint8_t>) override { seen_.add("pong"); }
  void on_end(const domain::Ending& ending) override { seen_.add(words(ending)); }

  static inline std::atomic<domain::ConnectionId> id{};

 private:
  Seen& seen_;
  domain::Connection* connection_ = nullptr;
};

/// /echo answers method, path and body; /later from another thread; /big much; upgrades at /ws, with permessage-deflate
/// at /ws?compress=yes and a limit at /ws?fragments=N.
class Service final : public domain::HttpService {
 public:
  Seen seen;
  domain::Responder kept;  ///< of /never
  std::optional<std::stop_callback<std::function<void()>>> on_gone;

  std::size_t body_limit(const domain::RequestHead&) override { return 1'000; }
  void handle(domain::Request request, domain::Responder respond) override {
    if (request.head.path == "/later") {
      std::thread([respond = std::move(respond)] { respond(domain::json(200, "\"later\"")); }).detach();
    } else if (request.head.path == "/never") {
      kept = std::move(respond);
      on_gone.emplace(request.gone, [this] { seen.add("gone"); });
      seen.add("asked");
    } else if (request.head.path == "/known") {
      domain::Response response = domain::json(200, "\"known\"");
      response.proven = true;
      respond(std::move(response));
    } else if (request.head.path == "/near") {
      respond(domain::json(200, request.head.loopback ? "this machine" : "elsewhere"));
    } else if (request.head.path == "/who") {
      respond(domain::json(200, request.head.peer + (request.head.secure ? " secure" : " plain")));
    } else if (request.head.path == "/host") {
      respond(domain::json(200, std::string(request.head.header("host"))));
    } else if (request.head.path == "/big") {
      domain::Response response = domain::json(200, {});
      response.shared_body = std::make_shared<const std::string>(20'000'000, 'b');
      respond(std::move(response));
    } else {
      respond(domain::json(200, request.head.method + " " + request.head.path + " " + request.body));
    }
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead& head, const std::vector<std::string>& offered) override {
    if (head.path != "/ws") return domain::problem(401, "not you");
    domain::UpgradeAccepted accepted{.handler = std::make_unique<Echo>(seen),
                                     .subprotocol = offered.empty() ? "" : offered.front(),
                                     .max_message = 10'000,
                                     .compress = !head.parameter("compress").empty()};
    if (const auto most = head.parameter("fragments"); !most.empty()) {
      accepted.max_fragments = std::stoul(std::string(most));
    }
    return accepted;
  }
};

inline const Identity& identity() {
  static const Identity one;
  return one;
}

inline Config test_config() {
  Config config;
  config.address = "127.0.0.1";
  config.port = 0;
  config.certificate_file = identity().certificate();
  config.key_file = identity().key();
  config.loops = 2;
  return config;
}

inline std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

struct Running {
  Service service;
  Server server;
  explicit Running(Config config = test_config()) : server(std::move(config), service) {
    const auto started = server.start();
    if (!started) ADD_FAILURE() << started.error().message;
  }
  std::unique_ptr<Client> connect() { return std::make_unique<Client>(server.port()); }
  /// A connection whose request was answered.
  std::unique_ptr<Client> served() {
    auto client = connect();
    client->write(get("/x"));
    EXPECT_TRUE(client->response().ends_with("GET /x "));
    return client;
  }
  std::unique_ptr<Client> open_websocket() {
    auto client = connect();
    client->write(upgrade_request("/ws"));
    EXPECT_TRUE(client->response().starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(service.seen.next(), "open");
    return client;
  }
};

}  // namespace vedette::net::testing
