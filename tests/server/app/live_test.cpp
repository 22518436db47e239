// A viewer's cursor through a whole collector: TLS, login, WebSocket, hub, and an agent whose ticks it follows.
#include <optional>
#include <vector>

#include "schema/wire/deflate.h"
#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

class Viewer {
 public:
  explicit Viewer(const World& world, const std::optional<std::string>& from = {}, const std::string& headers = {})
      : client_(world.viewer(headers)), topic_("host/" + world.agent.id) {
    json subscribe{{"op", "subscribe"}, {"topics", {"fleet", topic_}}};
    if (from) subscribe["cursor"] = *from;
    client_->write(masked(kText, subscribe.dump()));
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

TEST(Live, AViewerThatResumesGetsExactlyWhatItMissed) {
  World world;
  Viewer witness(world);
  expect_snapshots(witness, world.agent.id);
  std::string cursor;
  {
    Viewer viewer(world);
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

  Viewer resumed(world, cursor);
  EXPECT_EQ(resumed.until(last), missed);
  const double fresh = world.agent.tick();
  EXPECT_EQ(resumed.until(fresh), witness.until(fresh)) << "from here on it is as any other";
}

TEST(Live, AViewerThatOffersCompressionGetsTheSameInFewerBytes) {
  World world;
  Viewer plain(world);
  Viewer compressed(world, {}, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
  Viewer narrow(world, {}, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9\r\n");
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
  Viewer viewer(world);
  expect_snapshots(viewer, world.agent.id);
  viewer.until(world.agent.tick());
  Viewer stranger(world, "000000000000-" + std::to_string(number_of(viewer.cursor)));
  expect_snapshots(stranger, world.agent.id);
}

}  // namespace
}  // namespace vedette::app
