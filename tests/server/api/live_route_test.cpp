#include "server/api/live_route.h"

#include <gtest/gtest.h>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

domain::RequestHead handshake(bool logged_in) {
  domain::RequestHead head;
  head.method = "GET";
  head.path = "/api/v1/live";
  if (logged_in) head.headers.emplace_back("cookie", "sid=1");
  return head;
}

struct LiveBench {
  FakeGate gate;
  Router router{gate, [](const std::function<void()>&) { return false; }};
  std::string viewer_sid;

  LiveBench() {
    LivePorts ports;
    ports.socket = [this](const domain::Person& person) {
      viewer_sid = person.sid;
      return nullptr;
    };
    add_live_routes(router, std::move(ports));
  }
};

TEST(LiveRoute, UpgradesALoginThatOffersTheSubprotocol) {
  LiveBench bench;
  const auto decision = bench.router.upgrade(handshake(true), {"other", "vedette.live.v1"});
  const auto* accepted = std::get_if<domain::UpgradeAccepted>(&decision);
  ASSERT_NE(accepted, nullptr);
  EXPECT_EQ(accepted->subprotocol, "vedette.live.v1");
  EXPECT_EQ(accepted->max_message, 4096u);
  EXPECT_TRUE(accepted->compress);
  EXPECT_EQ(bench.viewer_sid, "digest");
}

TEST(LiveRoute, RefusesAClientThatSpeaksSomethingElse) {
  LiveBench bench;
  const auto decision = bench.router.upgrade(handshake(true), {"vedette.agent.v1"});
  ASSERT_TRUE(std::holds_alternative<domain::Response>(decision));
  EXPECT_EQ(std::get<domain::Response>(decision).status, 400);
}

TEST(LiveRoute, RefusesNobodysUpgrade) {
  LiveBench bench;
  const auto decision = bench.router.upgrade(handshake(false), {"vedette.live.v1"});
  ASSERT_TRUE(std::holds_alternative<domain::Response>(decision));
  EXPECT_EQ(std::get<domain::Response>(decision).status, 401);
  EXPECT_EQ(bench.viewer_sid, "");
}

}  // namespace
}  // namespace vedette::api
