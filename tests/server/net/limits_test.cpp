#include "server/net/server.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
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
  running.served();
}

/// What a connection over a limit hears: whatever it asks, and that it is the last.
void expect_turned_away(Client& client, const std::string& status, const std::string& words) {
  client.write(get("/x"));
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status + " ")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: 10\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find(words), std::string::npos) << answer;
}

TEST(Http, OneAddressCanNotTakeAllConnections) {
  Config config = test_config();
  config.unproven_per_address = 3;
  Running running(config);
  auto proven = running.open_websocket();
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 3; ++i) held.push_back(running.served());
  expect_turned_away(*running.connect(), "429", "from your address");
  EXPECT_EQ(running.server.refusals().unproven_per_address, 1U);
  EXPECT_EQ(running.server.counts().refused, 1U);
}

TEST(Http, BehindAProxyOfEitherKindThereAreManyAddresses) {
  for (auto list : {&Config::trusted_proxies, &Config::passthrough_proxies}) {
    Config config = test_config();
    config.unproven_per_address = 1;
    config.*list = {"127.0.0.1"};
    Running running(config);
    std::vector<std::unique_ptr<Client>> held;
    for (int i = 0; i < 3; ++i) held.push_back(running.served());
  }
}

TEST(Http, WhoShowedALoginThatHoldsDoesNotCountAgainstTheAddress) {
  Config config = test_config();
  config.unproven_per_address = 1;
  Running running(config);
  // That one is proven reaches the listener's loop a moment after its answer: until then the next is turned away.
  const auto admitted = [&](const std::string& path) {
    for (;;) {
      auto client = running.connect();
      client->write(get(path));
      if (client->response().starts_with("HTTP/1.1 200 ")) return client;
    }
  };
  std::vector<std::unique_ptr<Client>> tabs;
  for (int i = 0; i < 3; ++i) tabs.push_back(admitted("/known"));
  const auto stranger = admitted("/x");
  expect_turned_away(*running.connect(), "429", "from your address");
}

TEST(Http, AFloodOverTheLimitIsClosedAsItComesAndForgotten) {
  Config config = test_config();
  config.plaintext = true;
  config.unproven_per_address = 1;
  config.head_deadline = 60s;
  Running running(config);
  const auto first = std::make_unique<Client>(running.server.port(), false);
  std::vector<std::unique_ptr<Client>> told;
  for (int i = 0; i < 64; ++i) told.push_back(std::make_unique<Client>(running.server.port(), false));
  Client untold(running.server.port(), false);
  EXPECT_EQ(untold.read_to_end(), "");
  EXPECT_EQ(running.server.refusals().unproven_per_address, 65U);
  EXPECT_EQ(running.server.counts().connections, 1U) << "those turned away take nobody's place";
  expect_turned_away(*told.front(), "429", "from your address");
  told.clear();
  for (;;) {  // their places are free again once the loops saw them go
    Client again(running.server.port(), false);
    again.write(get("/x"));
    if (again.read_to_end().starts_with("HTTP/1.1 429 ")) break;
  }
}

TEST(Http, MoreThanTheConnectionLimitAreTurnedAway) {
  Config config = test_config();
  config.connections = 2;
  Running running(config);
  const auto socket = running.open_websocket();  // proven ones count here too
  auto second = running.served();
  expect_turned_away(*running.connect(), "503", "all connections");
  EXPECT_EQ(running.server.refusals().connections, 1U);
  second->write(get("/y"));
  EXPECT_TRUE(second->response().ends_with("GET /y "));
}

TEST(Http, ForANewUnprovenConnectionTheOldestGoesOnceTheyAreTooMany) {
  Config config = test_config();
  config.connections = 10;
  config.unproven = 3;
  config.loops = 1;
  Running running(config);
  auto socket = running.open_websocket();
  auto known = running.connect();
  known->write(get("/known"));
  EXPECT_TRUE(known->response().ends_with("\"known\""));
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 3; ++i) held.push_back(running.served());
  EXPECT_EQ(running.server.refusals().unproven, 0U);
  for (std::size_t i = 0; i < 20; ++i) {
    held.push_back(running.served());
    EXPECT_EQ(held[i]->read_to_end(), "") << "the oldest is gone";
  }
  EXPECT_EQ(running.server.refusals().unproven, 20U);
  EXPECT_EQ(running.server.counts().refused, 0U);
  socket->write(testing::masked(1, "still here"));
  EXPECT_EQ(socket->frame().second, "still here");
  known->write(get("/known"));
  EXPECT_TRUE(known->response().ends_with("\"known\""));
}

TEST(Http, AnUnprovenConnectionGoesWhicheverLoopHasOne) {
  Config config = test_config();
  config.connections = 10;
  config.unproven = 1;
  config.loops = 4;
  Running running(config);
  auto held = running.served();
  for (int i = 0; i < 8; ++i) {
    auto next = running.served();
    EXPECT_EQ(held->read_to_end(), "") << "the only other one is gone";
    held = std::move(next);
  }
  EXPECT_EQ(running.server.refusals().unproven, 8U);
}

TEST(Http, AsManyConnectionsAsOpenFilesAllowLessAThousand) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  Running running;
  const std::size_t half = files.rlim_cur / 2;
  EXPECT_EQ(running.server.most_connections(), std::max<std::size_t>(half, files.rlim_cur - 1'000));
}

void await(const std::atomic<std::uint64_t>& count) {
  while (count == 0) std::this_thread::yield();
}

TEST(Limits, OfSizeAreCounted) {
  Config config = test_config();
  config.head = 2'000;
  config.fragments = 2;
  Running running(config);
  const Refusals& met = running.server.refusals();
  running.connect()->write("GET / HTTP/1.1\r\nX: " + std::string(2'000, 'x'));
  await(met.head);
  running.connect()->write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n");
  await(met.body);
  auto large = running.open_websocket();
  large->write(testing::masked(1, std::string(10'001, 'x')));
  EXPECT_EQ(large->frame(), std::pair(8, testing::close_payload(1009, "message too big")));
  EXPECT_EQ(running.service.seen.next(), "closed 1009 message too big by us");
  EXPECT_EQ(met.message, 1U);
  auto many = running.open_websocket();
  many->write(testing::masked(1, "a", false) + testing::masked(0, "b", false) + testing::masked(0, "c", false) +
              testing::masked(0, "d", false));
  EXPECT_EQ(many->frame(), std::pair(8, testing::close_payload(1008, "too many fragments")));
  EXPECT_EQ(met.fragments, 1U);
}

/// One deadline is short, what a peer does meets it, and only it is counted.
void expect_counted(units::Milliseconds Config::* deadline, std::atomic<std::uint64_t> Refusals::* count,
                    const std::function<std::unique_ptr<Client>(Running&)>& act) {
  Config config = test_config();
  config.*deadline = 300ms;
  Running running(config);
  const auto client = act(running);
  const Refusals& met = running.server.refusals();
  await(met.*count);
  EXPECT_EQ(met.head_deadline + met.body_deadline + met.answer_deadline + met.write_deadline + met.idle_deadline +
                met.close_deadline,
            1U);
}

TEST(Limits, OfTimeAreCounted) {
  const auto says = [](const std::string& bytes) {
    return [bytes](Running& running) {
      auto client = running.connect();
      client->write(bytes);
      return client;
    };
  };
  expect_counted(&Config::head_deadline, &Refusals::head_deadline, says("GET / HTTP/1.1\r\nHos"));
  expect_counted(&Config::body_deadline, &Refusals::body_deadline,
                 says("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc"));
  expect_counted(&Config::answer_deadline, &Refusals::answer_deadline, says(get("/never")));
  expect_counted(&Config::write_deadline, &Refusals::write_deadline, says(get("/big")));
  expect_counted(&Config::idle_deadline, &Refusals::idle_deadline, says(get("/x")));
  expect_counted(&Config::close_deadline, &Refusals::close_deadline, [](Running& running) {
    auto client = running.open_websocket();
    client->write(testing::masked(1, "close 4000"));  // its answer never comes
    return client;
  });
}

TEST(Http, AServiceThatNeverAnswersIsAnsweredFor) {
  Config config = test_config();
  config.answer_deadline = 50ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/never"));
  EXPECT_EQ(running.service.seen.next(), "asked");
  const std::string answer = client->response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos) << answer;
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
