#include "server/net/server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using namespace std::chrono_literals;
using testing::close_payload;
using testing::masked;
using testing::Running;
using testing::test_config;
using testing::upgrade_request;

TEST(WebSocket, EchoesAndNegotiatesTheSubprotocol) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/ws", "vedette.live.v1"));
  const std::string response = client->response();
  EXPECT_NE(response.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_NE(response.find("Sec-WebSocket-Protocol: vedette.live.v1\r\n"), std::string::npos);
  client->write(masked(1, "he", false) + masked(9, "beat") + masked(0, "llo"));
  EXPECT_EQ(client->frame(), (std::pair{10, std::string("beat")}));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("hello")}));
  client->write(masked(1, "tcp"));
  EXPECT_EQ(client->frame().second, "has tcp state");
}

TEST(WebSocket, TellsThroughWhichProxyItCame) {
  const std::string forwarded = "Upgrade: websocket\r\nX-Forwarded-For: 192.0.2.7\r\n";
  std::string request = upgrade_request("/ws");
  const std::size_t upgrade = request.find("Upgrade: websocket\r\n");
  ASSERT_NE(upgrade, std::string::npos);
  request.replace(upgrade, std::string("Upgrade: websocket\r\n").size(), forwarded);
  const auto path = [&](const Config& config) {
    Running running(config);
    auto client = running.connect();
    client->write(request + masked(1, "path"));
    EXPECT_TRUE(client->response().starts_with("HTTP/1.1 101"));
    return client->frame().second;
  };
  EXPECT_TRUE(path(test_config()).starts_with("by \"\" from 127.0.0.1:"));
  Config config = test_config();
  config.trusted_proxies = {"127.0.0.1"};
  EXPECT_EQ(path(config), "by \"127.0.0.1\" from 192.0.2.7");
  config.passthrough_proxies = std::exchange(config.trusted_proxies, {});
  EXPECT_TRUE(path(config).starts_with("by \"127.0.0.1\" from 127.0.0.1:"));
}

TEST(WebSocket, BytesThatArriveWithTheUpgradeAreNotLost) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/ws") + masked(1, "early"));
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 101"));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("early")}));
}

// OpenSSL reads ahead: epoll tells nothing of records that it has taken and not decrypted. Pongs aren't answered, so
// that nothing but their arrival makes the server read on.
TEST(WebSocket, RecordsThatArriveTogetherAreAllRead) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/ws"));
  client->response();
  client->cork(true);
  for (int i = 0; i < 3; ++i) client->write(masked(10, "pong"));
  client->write(masked(1, "last"));
  client->cork(false);
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("last")}));
}

TEST(WebSocket, RefusedUpgradesAreOrdinaryResponses) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/other"));
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 401"));
  std::string old = upgrade_request("/ws");
  old.replace(old.find("13"), 2, "12");
  client->write(old);
  EXPECT_NE(client->response().find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST(WebSocket, OurCloseWaitsForTheAnswer) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close 4403"));
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(4403, "asked to")}));
  client->write(masked(8, close_payload(4403)));
  EXPECT_EQ(running.service.seen.next(), "closed 4403 asked to by us");
}

TEST(WebSocket, OurCloseAnsweredByTheEndCountsAsClosed) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close 4408"));
  client->frame();
  client->fin_only();
  EXPECT_EQ(running.service.seen.next(), "closed 4408 asked to by us");
}

TEST(WebSocket, OurCloseWithoutAnswerIsGivenUp) {
  Config config = test_config();
  config.close_deadline = 100ms;
  Running running(config);
  auto client = running.open_websocket();
  client->write(masked(1, "close 4408"));
  EXPECT_EQ(running.service.seen.next(), "gave_up 4408 no answer to our close frame by us");
}

TEST(WebSocket, EndsWithoutCloseFrameAreToldApart) {
  Running running;
  auto killed = running.open_websocket();
  killed->fin_only();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 TLS eof");
  auto cut = running.open_websocket();
  cut->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
}

TEST(WebSocket, AProtocolFaultIsClosedWithItsCode) {
  Running running;
  auto client = running.open_websocket();
  client->write("\x81\x05hello");  // not masked
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(1002, "client frames have to be masked")}));
  EXPECT_EQ(running.service.seen.next(), "closed 1002 client frames have to be masked by us");
  auto big = running.open_websocket();
  big->write(masked(2, std::string(10'001, 'x')));
  EXPECT_EQ(big->frame().second.substr(0, 2), close_payload(1009));
}

TEST(WebSocket, AbortDropsAtOnce) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "abort") + masked(1, "not read"));
  EXPECT_EQ(client->read_to_end(), "");
  EXPECT_EQ(running.service.seen.next(), "gave_up 1006 dropped by the collector by us");
}

TEST(WebSocket, APausedPeerThatDiesIsNoticed) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "pause"));
  EXPECT_EQ(running.service.seen.next(), "paused");
  client->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
}

TEST(WebSocket, APingFloodWithoutReadingIsPushedBack) {
  Running running;
  auto client = running.open_websocket();
  const timeval patience{0, 300'000};
  ::setsockopt(client->fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string burst;
  for (int i = 0; i < 1'000; ++i) burst += masked(9, std::string(125, 'p'));
  std::size_t sent = 0;
  while (sent < 200'000'000 && client->write(burst)) sent += burst.size();
  EXPECT_LT(sent, 100'000'000U);  // the socket's buffers are full: the server stopped reading
  auto other = running.open_websocket();
  other->write(masked(1, "still there"));
  EXPECT_EQ(other->frame().second, "still there");
}

}  // namespace
}  // namespace vedette::net
