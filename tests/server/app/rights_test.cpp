// Who loses a right loses at once what leans on it, over each live transport: users removed, passwords changed, hosts
// revoked, by the commands beside a running collector.
#include <chrono>

#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

/// ann's connections over the three transports, each past its first snapshots.
struct Watching {
  World world;
  std::string login = "Cookie: " + world.cookie + "\r\n";
  std::unique_ptr<Client> socket = world.viewer();
  std::unique_ptr<Client> events = world.events("fleet,host/" + world.agent.id);
  Client poll{world.collector->port()};

  Watching() {
    socket->write(masked(kText, R"({"op":"subscribe","topics":["fleet","host/)" + world.agent.id + R"("]})"));
    EXPECT_EQ(json::parse(socket->frame().second)["type"], "snapshot");
    EXPECT_EQ(json::parse(socket->frame().second)["type"], "snapshot");
    EXPECT_NE(events->read_until("\"topic\":\"host/").find(" 200 "), std::string::npos);
    ask_for_news();
  }
  std::string command(const std::string& name, std::vector<std::string> words, const std::string& input = "") {
    Options options{name, std::move(words), {}};
    if (!input.empty()) options.options["password-stdin"] = "";
    const auto said = world.bench.ask(options, input);
    return said ? *said : "refused: " + said.error().message;
  }
  int status(const std::string& path) { return std::stoi(get(*world.collector, path, login).substr(9, 3)); }
  void expect_all_ended() {
    int opcode = 0;
    std::string payload;
    do std::tie(opcode, payload) = socket->frame();
    while (opcode == kText);
    EXPECT_EQ(opcode, kClose);
    EXPECT_EQ(payload, close_payload(4401, "your login ended"));
    events->read_until("event: close\n");
    EXPECT_NE(events->read_until("}\n").find(R"("code":4401)"), std::string::npos);
    EXPECT_TRUE(poll.response().starts_with("HTTP/1.1 401 "));
    EXPECT_EQ(status("/api/v1/hosts"), 401);
  }

 private:
  /// A poll of the alerts, which stay quiet, and of the host, from where it is now.
  void ask_for_news() {
    const std::string path = "/api/v1/live/poll?topics=alerts,host/" + world.agent.id;
    const json first = json::parse(body_of(get(*world.collector, path, login)));
    poll.write("GET " + path + "&cursor=" + first.at("cursor").get<std::string>() + " HTTP/1.1\r\nHost: localhost\r\n" +
               login + "\r\n");
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    std::string viewers;
    do viewers = metric(*world.collector, "live_viewers");
    while (viewers != "3" && std::chrono::steady_clock::now() < deadline);
    ASSERT_EQ(viewers, "3") << "the poll doesn't wait";
  }
};

TEST(Rights, ARemovedUserIsSignedOutEverywhere) {
  Watching ann;
  EXPECT_EQ(ann.command("user remove", {"ann"}), "Removed ann.\n");
  ann.expect_all_ended();
  EXPECT_TRUE(ann.command("user list", {}).starts_with("No users yet."));
}

TEST(Rights, ANewPasswordSignsTheUserOutEverywhere) {
  Watching ann;
  EXPECT_TRUE(ann.command("user password", {"ann"}).starts_with("refused: give --password-stdin"));
  EXPECT_TRUE(ann.command("user password", {"ann"}, "battery staple").starts_with("Changed the password of ann"));
  ann.expect_all_ended();
  const auto sign_in = [&](const std::string& password) {
    return post(*ann.world.collector, "/api/v1/session", {{"user", "ann"}, {"password", password}}).substr(9, 3);
  };
  EXPECT_EQ(sign_in("correct horse"), "401");
  EXPECT_EQ(sign_in("battery staple"), "200");
}

TEST(Rights, ANewRoleHoldsAtOnceAndKeepsWhatItMayWatch) {
  Watching ann;
  const auto role = [&] {
    return json::parse(body_of(get(*ann.world.collector, "/api/v1/session", ann.login)))["role"].get<std::string>();
  };
  EXPECT_EQ(role(), "viewer");
  EXPECT_EQ(ann.command("user role", {"ann", "administrator"}), "ann is administrator now.\n");
  EXPECT_EQ(role(), "administrator");
  EXPECT_EQ(ann.command("user list", {}), "ann  administrator\n");
  EXPECT_EQ(ann.command("user role", {"ann", "king"}),
            "refused: ROLE is \"king\"; it must be administrator, operator or viewer");
  EXPECT_TRUE(ann.command("user role", {"ann", "viewer"}).starts_with("refused: ann is the only administrator"));
  EXPECT_TRUE(ann.command("user remove", {"ann"}).starts_with("refused: ann is the only administrator"));
  EXPECT_TRUE(ann.command("user remove", {"ben"}).starts_with("refused: There is no user \"ben\""));
  ann.world.agent.tick();
  EXPECT_EQ(ann.socket->frame().first, kText) << "still watching";
  EXPECT_TRUE(ann.poll.response().starts_with("HTTP/1.1 200 "));
}

TEST(Rights, TheTopicOfARevokedHostEnds) {
  Watching ann;
  EXPECT_EQ(ann.command("hosts revoke", {"web"}), "Revoked web.\n");
  const std::string topic = "host/" + ann.world.agent.id;
  const std::string words = "Host web was revoked: nothing new comes from it.";
  json message;
  do message = json::parse(ann.socket->frame().second);
  while (message["type"] != "error");
  EXPECT_EQ(message["topic"], topic);
  EXPECT_EQ(message["message"], words);
  EXPECT_NE(ann.events->read_until(words).find(words), std::string::npos);
  EXPECT_NE(ann.poll.response().find(words), std::string::npos);
  const std::string late = get(*ann.world.collector, "/api/v1/live/poll?topics=" + topic, ann.login);
  EXPECT_NE(late.find(words), std::string::npos) << late;
}

}  // namespace
}  // namespace vedette::app
