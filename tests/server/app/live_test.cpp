// A viewer's cursor through a whole collector: TLS, login, WebSocket, hub, and an agent whose ticks it follows.
#include <nlohmann/json.hpp>

#include <optional>
#include <vector>

#include "schema/metrics/catalogue.h"
#include "schema/wire/deflate.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

using net::testing::Client;
using nlohmann::json;

constexpr int kText = 1, kBinary = 2;

std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

std::string post(const Collector& collector, const std::string& path, const json& body) {
  Client client(collector.port());
  const std::string text = body.dump();
  client.write("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n" +
               "X-Requested-With: vedette\r\nContent-Type: application/json\r\nContent-Length: " +
               std::to_string(text.size()) + "\r\n\r\n" + text);
  return client.response();
}

/// An upgraded connection; `header` is one more line of its handshake.
std::unique_ptr<Client> upgraded(const Collector& collector, const std::string& path, const std::string& protocol,
                                 const std::string& header) {
  auto client = std::make_unique<Client>(collector.port());
  std::string request = net::testing::upgrade_request(path, protocol);
  request.insert(request.size() - 2, "Origin: https://localhost\r\n" + header + "\r\n");
  client->write(request);
  const std::string answer = client->response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  return client;
}

/// A new host: {"host_id","key"}.
json enrolled(const Bench& bench, const Collector& collector) {
  std::string token = bench.ask({"token create", {}, {}}).value();
  token.pop_back();
  return json::parse(body_of(post(collector, "/api/v1/agent/enroll", {{"token", token}, {"hostname", "web"}})));
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
  void say(const wire::AgentMessage& message) { client_->write(net::testing::masked(kBinary, wire::encode(message))); }

  std::unique_ptr<Client> client_;
  wire::TickEncoder encoder_;
  std::uint64_t number_ = 0;
  units::Instant began_ = domain::SystemClock().now() - std::chrono::seconds(60);
};

class Viewer {
 public:
  Viewer(const Collector& collector, const std::string& cookie, const std::string& host,
         const std::optional<std::string>& from = {}, const std::string& header = {})
      : client_(upgraded(collector, "/api/v1/live", "vedette.live.v1", header + "Cookie: " + cookie)),
        topic_("host/" + host) {
    json subscribe{{"op", "subscribe"}, {"topics", {"fleet", topic_}}};
    if (from) subscribe["cursor"] = *from;
    client_->write(net::testing::masked(kText, subscribe.dump()));
  }

  /// The next snapshot or delta; null at the connection's end.
  json next() {
    for (;;) {
      const auto [opcode, payload] = client_->frame();
      if (opcode == 0) return {};
      if (opcode != kText) continue;
      bytes += payload.size();
      const bool plain = payload.starts_with('{');  // as no compressed message does: that would be a final block
      json message = json::parse(plain ? payload : deflate_.expand(payload, 1'000'000).value());
      if (message.at("type") == "beat") continue;
      cursor = message.at("cursor");
      return message;
    }
  }
  /// All messages up to the one that shows this tick of the host.
  std::vector<json> until(double tick) {
    std::vector<json> all;
    for (;;) {
      all.push_back(next());
      if (all.back().is_null()) return all;
      if (all.back().at("topic") != topic_) continue;
      for (const json& row : all.back().at("rows")) {
        if (row.at(0) == tick) return all;
      }
    }
  }

  std::string cursor;     ///< the newest told
  std::size_t bytes = 0;  ///< of all messages, as they came

 private:
  wire::Deflate deflate_;
  std::unique_ptr<Client> client_;
  std::string topic_;
};

std::uint64_t number_of(const std::string& cursor) {
  return std::stoull(cursor.substr(cursor.rfind('-') + 1));
}

std::string cookie_of(const std::string& response) {
  const std::size_t at = response.find("Set-Cookie: ") + 12;
  return response.substr(at, response.find(';', at) - at);
}

/// Two snapshots begin a subscription: of the fleet and of the host, the last with the cursor to resume from.
void expect_snapshots(Viewer& viewer, const std::string& host) {
  const json fleet = viewer.next(), ticks = viewer.next();
  EXPECT_EQ(fleet.at("type"), "snapshot");
  EXPECT_EQ(fleet.at("topic"), "fleet");
  EXPECT_EQ(fleet.at("rows").at(0).at(0), host);
  EXPECT_EQ(ticks.at("type"), "snapshot");
  EXPECT_EQ(ticks.at("topic"), "host/" + host);
  EXPECT_GT(number_of(viewer.cursor), 0u);
}

struct World {
  Bench bench;
  std::unique_ptr<Collector> collector = bench.start();
  std::string cookie;
  Agent agent{bench, *collector};
  World() {
    EXPECT_TRUE(bench.ask({"user add", {"ann"}, {{"role", "viewer"}, {"password-stdin", ""}}}, "correct horse"));
    cookie = cookie_of(post(*collector, "/api/v1/session", {{"user", "ann"}, {"password", "correct horse"}}));
  }
  Viewer viewer(const std::optional<std::string>& cursor = {}, const std::string& header = {}) const {
    return Viewer(*collector, cookie, agent.id, cursor, header);
  }
};

TEST(Live, AViewerThatResumesGetsExactlyWhatItMissed) {
  World world;
  Viewer witness = world.viewer();
  expect_snapshots(witness, world.agent.id);
  std::string cursor;
  {
    Viewer viewer = world.viewer();
    expect_snapshots(viewer, world.agent.id);
    cursor = viewer.cursor;
    for (int i = 0; i < 3; ++i) {
      for (const json& delta : viewer.until(world.agent.tick())) {
        ASSERT_EQ(delta.at("type"), "delta");
        EXPECT_GT(number_of(delta.at("cursor")), number_of(cursor));
        cursor = delta.at("cursor");
      }
    }
  }
  std::vector<json> missed;
  double last = 0;
  for (int i = 0; i < 3; ++i) {
    last = world.agent.tick();
    for (json& delta : witness.until(last)) {
      if (number_of(delta.at("cursor")) > number_of(cursor)) missed.push_back(std::move(delta));
    }
  }
  ASSERT_GE(missed.size(), 3u);

  Viewer resumed = world.viewer(cursor);
  EXPECT_EQ(resumed.until(last), missed);
  const double fresh = world.agent.tick();
  EXPECT_EQ(resumed.until(fresh), witness.until(fresh)) << "from here on it is as any other";
}

TEST(Live, AViewerThatOffersCompressionGetsTheSameInFewerBytes) {
  World world;
  Viewer plain = world.viewer();
  Viewer compressed = world.viewer({}, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
  Viewer narrow = world.viewer({}, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n");
  for (Viewer* viewer : {&plain, &compressed, &narrow}) expect_snapshots(*viewer, world.agent.id);
  for (int i = 0; i < 3; ++i) {
    const double tick = world.agent.tick();
    const auto told = plain.until(tick);
    EXPECT_EQ(compressed.until(tick), told);
    EXPECT_EQ(narrow.until(tick), told);
  }
  EXPECT_LT(compressed.bytes, plain.bytes);
  EXPECT_LT(compressed.bytes, narrow.bytes) << "frames for all have the largest window; a smaller one gets them plain";
}

TEST(Live, AgentsGetNoCompressionEvenIfTheyOfferIt) {
  World world;
  const json host = enrolled(world.bench, *world.collector);
  Client client(world.collector->port());
  std::string request = net::testing::upgrade_request("/api/v1/agent/stream", "vedette.agent.v1");
  request.insert(request.size() - 2, "Sec-WebSocket-Extensions: permessage-deflate\r\nAuthorization: Bearer " +
                                         host.at("key").get<std::string>() + "\r\n");
  client.write(request);
  const std::string answer = client.response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_EQ(answer.find("Sec-WebSocket-Extensions"), std::string::npos);
}

TEST(Live, AViewerWithTheCursorOfAnotherRunStartsAgain) {
  World world;
  Viewer viewer = world.viewer();
  expect_snapshots(viewer, world.agent.id);
  viewer.until(world.agent.tick());
  Viewer stranger = world.viewer("000000000000-" + std::to_string(number_of(viewer.cursor)));
  expect_snapshots(stranger, world.agent.id);
}

}  // namespace
}  // namespace vedette::app
