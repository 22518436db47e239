#include "server/net/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <latch>
#include <thread>

#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using testing::Client;
using testing::close_payload;
using testing::Echo;
using testing::get;
using testing::masked;
using testing::Running;
using testing::Service;
using testing::test_config;

TEST(Server, AReloadedCertificateIsShownToNewConnectionsOnly) {
  const testing::Identity mine;
  const testing::Identity renewed;
  Config config = test_config();
  config.certificate_file = mine.certificate();
  config.key_file = mine.key();
  Running running(config);
  auto old = running.connect();
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(renewed.certificate(), mine.certificate(), overwrite);
  EXPECT_FALSE(running.server.reload_certificate());  // the key is still the former one's
  EXPECT_EQ(running.connect()->certificate(), old->certificate());
  std::filesystem::copy_file(renewed.key(), mine.key(), overwrite);
  ASSERT_TRUE(running.server.reload_certificate());
  EXPECT_NE(running.connect()->certificate(), old->certificate());
  old->write(get("/x"));
  EXPECT_TRUE(old->response().ends_with("GET /x "));
}

TEST(Server, StopClosesWith1012AndReportsEveryEnd) {
  Running running;
  auto answering = running.open_websocket();
  auto deaf = running.open_websocket();
  std::thread stopping([&] { running.server.stop(); });
  EXPECT_EQ(answering->frame(), (std::pair{8, close_payload(1012, "collector restarting")}));
  answering->write(masked(8, close_payload(1012)));
  EXPECT_EQ(running.service.seen.next(), "closed 1012 collector restarting by us");
  EXPECT_EQ(running.service.seen.next(), "gave_up 1012 no answer to our close frame by us");
  stopping.join();
}

TEST(Server, ConnectionsAreReachedFromAnyThreadOrNotAtAll) {
  Running running;
  auto client = running.open_websocket();
  const domain::ConnectionId id = Echo::id;
  constexpr int kPosts = 5'000;
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) running.server.with(id, [](domain::Connection& c) { c.send_text("x"); });
    });
  }
  for (int i = 0; i < 4 * kPosts; ++i) ASSERT_EQ(client->frame().second, "x") << i;
  for (auto& poster : posters) poster.join();
  running.server.with(domain::ConnectionId{12'345'678}, [](domain::Connection&) { ADD_FAILURE(); });
  client->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
  running.server.with(id, [](domain::Connection&) { ADD_FAILURE(); });
}

TEST(Server, SaysWhatToDoWhenItCanNotStart) {
  Running running;
  Service service;
  Config taken = test_config();
  taken.port = running.server.port();
  EXPECT_NE(Server(taken, service).start().error().message.find("is in use"), std::string::npos);
  Config missing = test_config();
  missing.certificate_file = "/nowhere.pem";
  EXPECT_NE(Server(missing, service).start().error().message.find("\"/nowhere.pem\" can't be read"), std::string::npos);
  const testing::Identity other;
  Config mismatch = test_config();
  mismatch.key_file = other.key();
  EXPECT_NE(Server(mismatch, service).start().error().message.find("doesn't belong to"), std::string::npos);
  Config no_pem = test_config();
  no_pem.certificate_file = no_pem.key_file;
  EXPECT_NE(Server(no_pem, service).start().error().message.find("is no PEM certificate"), std::string::npos);
  Config bad = test_config();
  bad.address = "localhost";
  EXPECT_NE(Server(bad, service).start().error().message.find("\"localhost\""), std::string::npos);
}

/// A service whose answer holds up the loop until it is let go.
class Blocking final : public domain::HttpService {
 public:
  std::latch held{1}, release{1};
  std::size_t body_limit(const domain::RequestHead&) override {
    held.count_down();
    release.wait();
    return 0;
  }
  void handle(domain::Request, domain::Responder respond) override { respond(domain::json(200, "{}")); }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::problem(400, "");
  }
};

TEST(Server, TellsWhichLoopTurnsNoMore) {
  Blocking service;
  Server server(test_config(), service);
  ASSERT_TRUE(server.start());
  Client client(server.port());
  client.write(get("/"));
  service.held.wait();
  const auto then = std::chrono::steady_clock::now();
  const auto turned = [&] { return std::ranges::count_if(server.pulses(), [&](auto at) { return at > then; }); };
  while (turned() == 0) std::this_thread::yield();
  EXPECT_EQ(turned(), 1) << "of two loops one is held up";
  service.release.count_down();
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 200 "));
  while (turned() < 2) std::this_thread::yield();
}

}  // namespace
}  // namespace vedette::net
