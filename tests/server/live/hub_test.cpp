#include "server/live/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

TEST(Hub, StartsATopicWithItsWholeState) {
  Bench bench;
  bench.tick("a", 1);
  bench.tick("b", 2);
  bench.tick("a", 3);
  Client client(bench);
  client.subscribe({"fleet"});
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "snapshot");
  EXPECT_EQ(messages[0]["topic"], "fleet");
  EXPECT_EQ(messages[0]["header"], json({"id", "value"}));
  EXPECT_EQ(messages[0]["rows"], json::parse(R"([["a",3],["b",2]])"));
  EXPECT_TRUE(messages[0]["cursor"].get<std::string>().starts_with("run7-"));
  EXPECT_FALSE(messages[0].contains("part"));
}

TEST(Hub, PutsTheRowsOfOneFlushIntoOneDelta) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  bench.tick("a", 1);
  bench.tick("b", 2);
  bench.tick("a", 3);
  bench.settle();
  EXPECT_TRUE(client.take().empty());
  bench.pass(50ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "delta");
  EXPECT_EQ(messages[0]["rows"], json::parse(R"([["a",3],["b",2]])"));
  EXPECT_FALSE(messages[0].contains("header"));
}

TEST(Hub, TellsAtOnceWhatComesAfterSilence) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  bench.pass(1s);
  bench.tick("a", 1);
  bench.pass(0ms);
  EXPECT_EQ(client.take().size(), 1u);
  bench.tick("a", 2);
  bench.pass(9ms);
  EXPECT_TRUE(client.take().empty());
  bench.pass(1ms);
  EXPECT_EQ(client.take().size(), 1u);
}

TEST(Hub, FlushesLessOftenForMoreViewers) {
  Bench bench;
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 100; ++i) crowd.push_back(std::make_unique<Client>(bench));
  crowd.front()->subscribe({"fleet"});
  bench.pass(1s);
  crowd.front()->take();
  for (int value = 0; value < 200; ++value) {
    bench.tick("a", value);
    bench.pass(1ms);
  }
  EXPECT_EQ(crowd.front()->take().size(), 11u) << "the first at once, then every 20 ms: 100 viewers at 200 µs each";
}

TEST(Hub, WhoAsksBetweenTwoFlushesIsAnsweredWithTheNextAndSharesItsSnapshot) {
  Bench bench;
  bench.tick("a", 1);
  bench.pass(1s);
  std::vector<std::unique_ptr<Client>> crowd;
  for (int i = 0; i < 5; ++i) crowd.push_back(std::make_unique<Client>(bench));
  const std::string other = "host/" + std::string(32, '1');
  crowd[0]->ask(R"({"op":"subscribe","topics":["fleet"]})");
  EXPECT_EQ(crowd[0]->take().size(), 1u) << "after silence at once";
  for (int i = 1; i < 5; ++i) {
    bench.tick("a", i);
    crowd[i]->ask(R"({"op":"subscribe","topics":["fleet",")" + other + R"("]})");
  }
  for (int i = 1; i < 5; ++i) EXPECT_TRUE(crowd[i]->take().empty());
  bench.pass(10ms);
  for (int i = 1; i < 5; ++i) {
    ASSERT_EQ(crowd[i]->connection.frames.size(), 2u);
    EXPECT_EQ(crowd[i]->connection.frames, crowd[1]->connection.frames) << "encoded once";
    EXPECT_EQ(crowd[i]->take()[0]["rows"], json::parse(R"([["a",4]])"));
  }
}

TEST(Hub, ASubscriptionThatIsTakenBackBeforeItsAnswerStaysTakenBack) {
  Bench bench;
  Client client(bench);
  client.subscribe({"alerts"});
  client.ask(R"({"op":"subscribe","topics":["fleet"]})");
  client.ask(R"({"op":"unsubscribe","topics":["fleet"]})");
  bench.pass(1s);
  client.take();
  bench.tick("a", 1);
  bench.pass(1s);
  EXPECT_TRUE(client.take().empty());
  for (const char* op : {"subscribe", "unsubscribe", "subscribe"}) {
    client.ask(R"({"op":")" + std::string(op) + R"(","topics":["fleet"]})");
  }
  bench.pass(1s);
  client.take();
  bench.tick("a", 2);
  bench.pass(1s);
  EXPECT_EQ(client.take().size(), 1u) << "and the last word counts";
}

TEST(Hub, AnEventIsFramedAndCompressedOnceForAllItsViewers) {
  Bench bench;
  Client ann(bench), bob(bench);
  for (Client* client : {&ann, &bob}) {
    client->subscribe({"fleet"});
    client->connection.frames.clear();
  }
  for (int host = 0; host < 20; ++host) bench.tick("host-" + std::to_string(host), host);
  bench.pass(50ms);
  ASSERT_EQ(ann.connection.frames.size(), 1u);
  EXPECT_EQ(ann.connection.frames, bob.connection.frames) << "one object";
  const wire::Frame& frame = *ann.connection.frames.front();
  ASSERT_FALSE(frame.deflated.empty());
  EXPECT_LT(frame.deflated.size(), frame.plain.size());
  wire::Deflate deflate;
  EXPECT_EQ(deflate.expand(frame.deflated.substr(frame.deflated.size() < 130 ? 2 : 4), 10'000).value(),
            frame.plain.substr(frame.plain.size() < 130 ? 2 : 4));
}

TEST(Hub, NeverMergesRowsThatMustNotConflate) {
  Bench bench;
  Client client(bench);
  client.subscribe({"alerts"});
  client.take();
  bench.hub.publish("alerts", "1", R"([1,"firing"])", false);
  bench.hub.publish("alerts", "1", R"([1,"resolved"])", false);
  bench.pass(50ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["rows"], json::parse(R"([[1,"firing"],[1,"resolved"]])"));
}

TEST(Hub, LeavesRetiredRowsOutOfSnapshots) {
  Bench bench;
  bench.hub.publish("alerts", "1", R"([1,"x"])", false);
  bench.hub.publish("alerts", "2", R"([2,"y"])", false);
  bench.hub.retire("alerts", "1");
  Client client(bench);
  client.subscribe({"alerts"});
  EXPECT_EQ(client.take().at(0)["rows"], json::parse(R"([[2,"y"]])"));
}

TEST(Hub, BeatsEveryFiveSeconds) {
  Bench bench;
  Client client(bench);
  bench.pass(4900ms);
  EXPECT_TRUE(client.take().empty());
  bench.pass(5200ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0]["type"], "beat");
}

TEST(Hub, SendsNothingOfATopicThatWasUnsubscribed) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet", "alerts"});
  client.ask(R"({"op":"unsubscribe","topics":["fleet"]})");
  client.take();
  bench.tick("a", 1);
  bench.hub.publish("alerts", "1", R"([1,"x"])", false);
  bench.pass(50ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["topic"], "alerts");
}

TEST(Hub, ClosesTheViewersOfALoginThatEnded) {
  Bench bench;
  Client ann(bench, "ann"), bob(bench, "bob");
  bench.hub.on_login_ended("ann");
  bench.settle();
  EXPECT_EQ(ann.connection.close_code, 4401);
  EXPECT_EQ(bob.connection.close_code, 0);
  Client late(bench, "ann");
  EXPECT_EQ(late.connection.close_code, 4401);
}

const std::string kOperators = "host/ee000000000000000000000000000001";

TEST(Hub, JudgesTopicsAgainWhenARoleChanges) {
  Bench bench;
  Client ann(bench, Login{"ann", units::Instant::max(), 1, domain::AccessRole::operator_});
  Client ben(bench, Login{"ben", units::Instant::max(), 2, domain::AccessRole::operator_});
  for (Client* client : {&ann, &ben}) client->subscribe({"fleet", kOperators});
  ann.take();
  bench.hub.on_role_changed(1, domain::AccessRole::viewer);
  bench.settle();
  const auto told = ann.take();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0]["type"], "error");
  EXPECT_EQ(told[0]["topic"], kOperators);
  EXPECT_EQ(told[0]["message"], "This host is for operators.");
  ben.take();
  bench.hub.publish(kOperators, "1", "[1]", true);
  bench.tick("a", 1);
  bench.pass(50ms);
  EXPECT_EQ(ann.take().size(), 1u) << "the fleet only";
  EXPECT_EQ(ben.take().size(), 2u);
  ann.subscribe({kOperators});
  EXPECT_EQ(ann.take().at(0)["type"], "error") << "an open topic isn't a way in";
  bench.hub.on_role_changed(1, domain::AccessRole::operator_);
  ann.subscribe({kOperators});
  EXPECT_EQ(ann.take().at(0)["type"], "snapshot");
  EXPECT_EQ(ann.connection.close_code, 0);
}

TEST(Hub, JudgesByTheNewRoleWhoeverJoinsWithTheOldOneJustThen) {
  Bench bench;
  bench.hub.on_role_changed(1, domain::AccessRole::viewer);
  Client ann(bench, Login{"ann", units::Instant::max(), 1, domain::AccessRole::operator_});
  ann.subscribe({kOperators});
  EXPECT_EQ(ann.take().at(0)["type"], "error");
}

TEST(Hub, EndsTheTopicOfARevokedHostForItsWatchers) {
  Bench bench;
  const std::string host = "host/00112233445566778899aabbccddeeff";
  Client ann(bench), ben(bench, "ben");
  ann.subscribe({"fleet", host});
  ben.subscribe({"fleet"});
  ann.take();
  ben.take();
  bench.hub.publish(host, "1", "[1]", true);
  bench.revoked.insert(host);
  bench.hub.on_host_revoked(domain::HostNumber{1});
  bench.settle();
  const auto told = ann.take();
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0]["type"], "delta") << "what was published before";
  EXPECT_EQ(told[1]["topic"], host);
  EXPECT_EQ(told[1]["message"], "This host was revoked.");
  EXPECT_TRUE(ben.take().empty());
  ann.subscribe({host});
  EXPECT_EQ(ann.take().at(0)["type"], "error");
}

TEST(Hub, ClosesAViewerAtTheFirstBeatAfterItsLoginExpired) {
  Bench bench;
  Client ann(bench, "ann", bench.clock.wall + 7s), bob(bench, "bob", bench.clock.wall + 8s);
  bench.clock.wall += 6s;
  bench.pass(5s);
  EXPECT_EQ(ann.connection.close_code, 0);
  bench.clock.wall += 1s;
  bench.pass(5s);
  EXPECT_EQ(ann.connection.close_code, 4401);
  EXPECT_EQ(bob.connection.close_code, 0);
}

TEST(Hub, CountsItsViewers) {
  Bench bench;
  {
    Client one(bench), two(bench);
    EXPECT_EQ(bench.hub.counters().viewers, 2u);
  }
  EXPECT_EQ(bench.hub.counters().viewers, 0u);
}

}  // namespace
}  // namespace vedette::live
