// How connections to a whole collector end: the close code and its reason reach the peer and stand in the collector's
// log, whoever closed.
#include "tests/close_codes.h"
#include "tests/logged.h"
#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

struct LoggedWorld {
  tests::Logged log;  // outlives the threads
  World world;
  std::string key;

  LoggedWorld() { key = enrolled(world.bench, *world.collector).at("key"); }

  std::unique_ptr<Client> agent() {
    return upgraded(*world.collector, "/api/v1/agent/stream", "vedette.agent.v1", "Authorization: Bearer " + key);
  }
  /// Waits until the log has this of an ending, and has it once.
  void expect(const std::string& who, int code, const std::string& words, const std::string& by) {
    const std::string message = "msg=\"" + who + " disconnected\"";
    const std::string ending = " code=" + std::to_string(code) + " reason=\"" + words + "\" closed_by=" + by + "\n";
    EXPECT_TRUE(log.await(message, ending)) << who << ending << log.text();
    EXPECT_EQ(log.count(message, ending), 1U) << who << ending;
  }
};

/// The close frame, whatever comes before it; what it said.
std::string closed(Client& client) {
  for (;;) {
    const auto [opcode, payload] = client.frame();
    if (opcode == kClose || opcode == 0) return payload;
  }
}

TEST(Endings, APeersCodeAndReasonAreAnsweredAndLogged) {
  LoggedWorld all;
  for (const int code : tests::kCloseCodes) {
    for (const std::string who : {"agent", "viewer"}) {
      const auto client = who == "agent" ? all.agent() : all.world.viewer();
      client->write(masked(kClose, close_payload(code, who + " has had enough")));
      EXPECT_EQ(closed(*client), close_payload(code)) << who;
      all.expect(who, code, who + " has had enough", "peer");
    }
  }
}

TEST(Endings, CodesThatMayNotTravelAreAnsweredWith1002AndLogged) {
  for (const int code : {1004, 1005, 1006, 1015}) {
    LoggedWorld all;
    const auto agent = all.agent();
    agent->write(masked(kClose, close_payload(code)));
    EXPECT_EQ(closed(*agent).substr(0, 2), close_payload(1002)) << code;
    all.expect("agent", 1002, "close code that must not be sent", "collector");
    const auto viewer = all.world.viewer();
    viewer->write(masked(kClose, close_payload(code)));
    EXPECT_EQ(closed(*viewer).substr(0, 2), close_payload(1002)) << code;
    all.expect("viewer", 1002, "close code that must not be sent", "collector");
  }
}

TEST(Endings, OurOwnCodesAreToldAndLogged) {
  LoggedWorld all;
  const auto told = [&](Client& client, const std::string& who, int code, const std::string& reason) {
    EXPECT_EQ(closed(client), close_payload(code, reason));
    client.write(masked(kClose, close_payload(code)));
    all.expect(who, code, reason, "collector");
  };
  const auto viewer = all.world.viewer();
  viewer->write(masked(kBinary, "x"));
  told(*viewer, "viewer", 1003, "viewers send text messages");

  const auto big = all.world.viewer();
  big->write(masked(kText, std::string(5'000, 'x')));
  told(*big, "viewer", 1009, "message too big");

  wire::Hello hello;
  hello.stream = 1;
  hello.boot_id[0] = 1;
  const auto say = [](Client& client, const wire::AgentMessage& message) {
    client.write(masked(kBinary, wire::encode(message)));
  };
  const auto first = all.agent();
  say(*first, hello);
  EXPECT_EQ(first->frame().first, kBinary) << "its Welcome";
  const auto second = all.agent();
  hello.stream = 2;
  say(*second, hello);
  told(*first, "agent", 4409, "a newer connection of this host took over");

  EXPECT_TRUE(all.world.bench.ask({"hosts revoke", {"web-2"}, {}}));
  told(*second, "agent", 4403, "this host was revoked");

  const auto last = all.world.viewer();
  Client client(all.world.collector->port());
  client.write(
      "DELETE /api/v1/session HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n"
      "X-Requested-With: vedette\r\nCookie: " +
      all.world.cookie + "\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 204 "));
  told(*last, "viewer", 4401, "your login ended");
}

TEST(Endings, EventStreamsAreLoggedWithTheirPeerWhoeverEndedThem) {
  LoggedWorld all;
  const auto watching = [&] {
    auto client = all.world.events("alerts");
    EXPECT_NE(client->read_until("\"topic\":\"alerts\"").find(" 200 "), std::string::npos);
    return client;
  };
  const auto first = watching();
  first->fin_only();
  all.expect("viewer", 1006, "TLS eof", "nobody");
  const auto last = watching();
  all.world.collector->stop();
  all.expect("viewer", 1012, "collector restarting", "collector");
  EXPECT_EQ(all.log.count("transport=events peer=127.0.0.1:"), 2U);
}

}  // namespace
}  // namespace vedette::app
