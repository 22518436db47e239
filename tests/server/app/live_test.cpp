// A viewer's cursor through a whole collector: TLS, login, WebSocket, hub, and an agent whose ticks it follows.
#include <optional>
#include <vector>

#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

using net::testing::Client;

class Viewer {
 public:
  Viewer(const Collector& collector, const std::string& cookie, const std::string& host,
         const std::optional<std::string>& from = {})
      : client_(upgraded(collector, "/api/v1/live", "vedette.live.v1", "Cookie: " + cookie)), topic_("host/" + host) {
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
      json message = json::parse(payload);
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

  std::string cursor;  ///< the newest told

 private:
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

Viewer viewer_of(const World& world, const std::optional<std::string>& cursor = {}) {
  return Viewer(*world.collector, world.cookie, world.agent.id, cursor);
}

TEST(Live, AViewerThatResumesGetsExactlyWhatItMissed) {
  World world;
  Viewer witness = viewer_of(world);
  expect_snapshots(witness, world.agent.id);
  std::string cursor;
  {
    Viewer viewer = viewer_of(world);
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

  Viewer resumed = viewer_of(world, cursor);
  EXPECT_EQ(resumed.until(last), missed);
  const double fresh = world.agent.tick();
  EXPECT_EQ(resumed.until(fresh), witness.until(fresh)) << "from here on it is as any other";
}

TEST(Live, AViewerWithTheCursorOfAnotherRunStartsAgain) {
  World world;
  Viewer viewer = viewer_of(world);
  expect_snapshots(viewer, world.agent.id);
  viewer.until(world.agent.tick());
  Viewer stranger = viewer_of(world, "000000000000-" + std::to_string(number_of(viewer.cursor)));
  expect_snapshots(stranger, world.agent.id);
}

}  // namespace
}  // namespace vedette::app
