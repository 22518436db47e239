// A whole collector with a login, with or without an agent whose ticks viewers follow, and how tests reach the live
// routes.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "schema/metrics/catalogue.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/server/app/a_collector.h"

namespace vedette::app {

using net::testing::Client;
using net::testing::close_payload;
using net::testing::masked;
using nlohmann::json;

inline constexpr int kText = 1, kBinary = 2, kClose = 8;

inline std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

inline std::string post(const Collector& collector, const std::string& path, const json& body) {
  Client client(collector.port());
  const std::string text = body.dump();
  client.write("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n" +
               "X-Requested-With: vedette\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(text.size()) + "\r\n\r\n" + text);
  return client.response();
}

/// An upgraded connection; `header` is one more line of its handshake.
inline std::unique_ptr<Client> upgraded(const Collector& collector, const std::string& path,
                                        const std::string& protocol, const std::string& header) {
  auto client = std::make_unique<Client>(collector.port());
  std::string request = net::testing::upgrade_request(path, protocol);
  request.insert(request.size() - 2, "Origin: https://localhost\r\n" + header + "\r\n");
  client->write(request);
  const std::string answer = client->response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  return client;
}

/// A new host: {"host_id","key"}.
inline json enrolled(const Bench& bench, const Collector& collector, const std::string& hostname = "web") {
  std::string token = bench.ask({"token create", {}, {}}).value();
  token.pop_back();
  return json::parse(body_of(post(collector, "/api/v1/agent/enroll", {{"token", token}, {"hostname", hostname}})));
}

/// A host's agent, reduced to one series and as many ticks as a test asks for.
class Agent {
 public:
  Agent(const Bench& bench, const Collector& collector) {
    const json host = enrolled(bench, collector);
    id = host.at("host_id");
    client_ = upgraded(collector, "/api/v1/agent/stream", "vedette.agent.v1",
                       "Authorization: Bearer " + host.at("key").get<std::string>());
    wire::Hello hello;
    hello.stream = 1;
    hello.boot_id[0] = 1;
    say(hello);
    say(wire::Announce{{{0, metrics::series_of("system.cpu.load_average.1m")}}});
  }

  /// Its time, as live rows write it.
  double tick() {
    const auto at = began_ + std::chrono::seconds(++number_);
    say(wire::TickMessage{number_,
                          encoder_.encode({at, {metrics::integer(static_cast<std::int64_t>(number_))}}, {false})});
    return static_cast<double>(units::unix_ms(at)) / 1000;
  }

  std::string id;

 private:
  void say(const wire::AgentMessage& message) { client_->write(masked(kBinary, wire::encode(message))); }

  std::unique_ptr<Client> client_;
  wire::TickEncoder encoder_;
  std::uint64_t number_ = 0;
  units::Instant began_ = domain::SystemClock().now() - std::chrono::seconds(60);
};

inline std::string cookie_of(const std::string& response) {
  const std::size_t at = response.find("Set-Cookie: ") + 12;
  return response.substr(at, response.find(';', at) - at);
}

inline std::uint64_t number_of(const std::string& cursor) {
  return std::stoull(cursor.substr(cursor.rfind('-') + 1));
}

/// A collector where ann is signed in.
struct SignedIn {
  Bench bench;
  std::unique_ptr<Collector> collector = bench.start();
  std::string cookie;

  SignedIn() {
    EXPECT_TRUE(bench.ask({"user add", {"ann"}, {{"role", "viewer"}, {"password-stdin", ""}}}, "correct horse"));
    cookie = cookie_of(post(*collector, "/api/v1/session", {{"user", "ann"}, {"password", "correct horse"}}));
  }
};

struct World : SignedIn {
  Agent agent{bench, *collector};

  /// An upgraded connection of ann's. `headers`: whole lines with their ends.
  std::unique_ptr<Client> viewer(const std::string& headers = "") const {
    return upgraded(*collector, "/api/v1/live", "vedette.live.v1", headers + "Cookie: " + cookie);
  }
  /// A stream of events that ann asked for; its answer is still to be read.
  std::unique_ptr<Client> events(const std::string& topics, const std::string& headers = "") const {
    auto client = std::make_unique<Client>(collector->port());
    client->write("GET /api/v1/live/events?topics=" + topics + " HTTP/1.1\r\nHost: localhost\r\nCookie: " + cookie +
                  "\r\n" + headers + "\r\n");
    return client;
  }
};

}  // namespace vedette::app
