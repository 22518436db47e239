#include "server/net/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <thread>

#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using namespace std::chrono_literals;
using testing::Client;
using testing::get;
using testing::Running;
using testing::test_config;

TEST(Http, ASlowHeadMeetsItsDeadline) {
  Config config = test_config();
  config.head_deadline = 100ms;
  Running running(config);
  auto slow = running.connect();
  slow->write("GET / HTTP/1.1\r\nHos");
  EXPECT_TRUE(slow->read_to_end().starts_with("HTTP/1.1 408"));
  Client silent(running.server.port(), false);  // doesn't even begin TLS
  EXPECT_EQ(silent.read_to_end(), "");
}

TEST(Http, AnIdleConnectionIsClosed) {
  Config config = test_config();
  config.idle_deadline = 100ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/x"));
  EXPECT_TRUE(client->read_to_end().ends_with("GET /x "));
}

TEST(Http, AReaderThatNeverReadsIsDropped) {
  Config config = test_config();
  config.write_deadline = 200ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/big"));
  while (running.server.counts().connections > 0) std::this_thread::yield();
}

TEST(Http, GarbageInsteadOfTlsHarmsNobody) {
  Running running;
  Client garbage(running.server.port(), false);
  garbage.write(std::string(500, '\x16') + "GET / HTTP/1.1\r\n\r\n");
  garbage.read_to_end();
  auto client = running.connect();
  client->write(get("/x"));
  EXPECT_TRUE(client->response().ends_with("GET /x "));
}

TEST(Http, OneAddressCanNotTakeAllConnections) {
  Config config = test_config();
  config.unproven_per_address = 3;
  Running running(config);
  auto proven = running.open_websocket();
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(running.connect());
    held.back()->write(get("/x"));
    EXPECT_TRUE(held.back()->response().ends_with("GET /x "));
  }
  auto refused = running.connect();
  refused->write(get("/x"));
  EXPECT_EQ(refused->read_to_end(), "");
  EXPECT_EQ(running.server.counts().refused, 1U);
}

TEST(Http, MoreThanTheConnectionLimitAreClosedAsTheyCome) {
  Config config = test_config();
  config.connections = 2;
  Running running(config);
  const auto socket = running.open_websocket();  // proven ones count here too
  auto second = running.connect();
  second->write(get("/x"));
  EXPECT_TRUE(second->response().ends_with("GET /x "));
  auto refused = running.connect();
  refused->write(get("/x"));
  EXPECT_EQ(refused->read_to_end(), "");
  EXPECT_EQ(running.server.counts().refused, 1U);
  second->write(get("/y"));
  EXPECT_TRUE(second->response().ends_with("GET /y "));
}

TEST(Http, AServiceThatNeverAnswersIsAnsweredFor) {
  Config config = test_config();
  config.answer_deadline = 50ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/never"));
  EXPECT_EQ(running.service.seen.next(), "asked");
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 503 "));
  running.service.kept(domain::json(200, "\"too late\""));
  EXPECT_EQ(client->read_to_end(), "");
}

/// Leaves the process one free descriptor as long as this lives.
class OneDescriptorLeft {
 public:
  OneDescriptorLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::dup(STDERR_FILENO);  // every one below is taken
    ::close(lowest);
    const rlimit tight{static_cast<rlim_t>(lowest) + 1, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~OneDescriptorLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  OneDescriptorLeft(const OneDescriptorLeft&) = delete;
  OneDescriptorLeft& operator=(const OneDescriptorLeft&) = delete;

 private:
  rlimit before_{};
};

TEST(Http, OutOfDescriptorsThoseConnectedAreServedAndNothingSpins) {
  Config config = test_config();
  config.plaintext = true;
  Running running(config);
  Client connected(running.server.port(), false);
  connected.write(get("/x"));
  EXPECT_TRUE(connected.response().ends_with("GET /x "));
  std::optional<Client> waiting;
  {
    const OneDescriptorLeft tight;
    const auto began = std::chrono::steady_clock::now();
    waiting.emplace(running.server.port(), false);  // takes the last: the server has none to accept with
    waiting->write(get("/y"));
    while (running.server.counts().rests < 4) std::this_thread::yield();
    EXPECT_GE(std::chrono::steady_clock::now() - began, 300ms) << "it tries again every 100 ms, not all the time";
    connected.write(get("/z"));
    EXPECT_TRUE(connected.response().ends_with("GET /z "));
  }
  EXPECT_TRUE(waiting->response().ends_with("GET /y "))
      << "who waited in the backlog is served as soon as there is room";
}

}  // namespace
}  // namespace vedette::net
