#include "server/live/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kHost = "host/00112233445566778899aabbccddeeff";

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

TEST(Hub, ResumesWithTheDeltasSinceTheCursorAndNothingElse) {
  Bench bench;
  std::string cursor;
  {
    Client client(bench);
    client.subscribe({"fleet"});
    bench.tick("a", 1);
    bench.pass(50ms);
    cursor = client.take().back()["cursor"];
  }
  bench.tick("a", 2);
  bench.pass(50ms);
  bench.hub.publish("alerts", "1", R"([1,"x"])", false);
  bench.tick("b", 3);
  bench.pass(50ms);
  Client again(bench);
  again.subscribe({"fleet"}, cursor);
  const auto messages = again.take();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0]["type"], "delta");
  EXPECT_EQ(messages[0]["rows"], json::parse(R"([["a",2]])"));
  EXPECT_EQ(messages[1]["rows"], json::parse(R"([["b",3]])"));
}

TEST(Hub, AnswersAResumeWithNothingNewByABeat) {
  Bench bench;
  bench.tick("a", 1);
  Client client(bench);
  client.subscribe({"fleet"});
  const std::string cursor = client.take().back()["cursor"];
  client.subscribe({"fleet"}, cursor);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "beat");
  EXPECT_EQ(messages[0]["cursor"], cursor);
}

TEST(Hub, AnswersCursorsOfAnotherRunOrFromNowhereWithASnapshot) {
  Bench bench;
  bench.tick("a", 1);
  bench.pass(50ms);
  for (const std::string cursor : {"other-2", "run7-999", "run7-0", "nonsense", "-", "run7-", "run7-1x"}) {
    Client client(bench);
    client.subscribe({"fleet"}, cursor);
    EXPECT_EQ(client.take().at(0)["type"], "snapshot") << cursor;
  }
}

TEST(Hub, AnswersATooOldCursorWithASnapshot) {
  Bench bench(Limits{.recent = 2000});
  Client client(bench);
  client.subscribe({"fleet"});
  const std::string cursor = client.take().back()["cursor"];
  for (int i = 0; i < 50; ++i) {
    bench.tick("a", i);
    bench.pass(50ms);
  }
  Client again(bench);
  again.subscribe({"fleet"}, cursor);
  EXPECT_EQ(again.take().at(0)["type"], "snapshot");
  again.subscribe({"fleet"}, client.take().back()["cursor"]);
  EXPECT_EQ(again.take().at(0)["type"], "beat");
}

TEST(Hub, SendsASnapshotWhenTheDeltasWouldBeLonger) {
  Bench bench(Limits{.replay = 100});
  Client client(bench);
  client.subscribe({"fleet"});
  const std::string cursor = client.take().back()["cursor"];
  for (int i = 0; i < 50; ++i) {
    bench.tick("a", i);
    bench.pass(50ms);
  }
  Client again(bench);
  again.subscribe({"fleet"}, cursor);
  EXPECT_EQ(again.take().at(0)["type"], "snapshot");
}

TEST(Hub, SplitsALargeSnapshotAndLetsOnlyItsEndBeResumed) {
  Bench bench(Limits{.part = 30});
  for (int i = 0; i < 10; ++i) bench.tick("host-" + std::to_string(i), i);
  Client client(bench);
  client.subscribe({"alerts", "fleet"});
  const auto messages = client.take();
  ASSERT_GT(messages.size(), 3u);
  std::size_t rows = 0;
  for (const auto& message : messages) {
    EXPECT_EQ(message["cursor"] == "run7-0", &message != &messages.back());
    if (message["topic"] != "fleet") continue;
    rows += message["rows"].size();
    EXPECT_EQ(message["parts"], messages.size() - 1);
    EXPECT_EQ(message["header"], json({"id", "value"}));
  }
  EXPECT_EQ(rows, 10u);
  EXPECT_EQ(messages[1]["part"], 1);
  EXPECT_EQ(messages.back()["part"], messages.size() - 1);
}

TEST(Hub, SplitsALargeDeltaIntoEventsThatResumeOneByOne) {
  Bench bench(Limits{.part = 30});
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  for (int i = 0; i < 6; ++i) bench.tick("host-" + std::to_string(i), i);
  bench.pass(50ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 3u);
  client.subscribe({"fleet"}, messages[1]["cursor"]);
  const auto rest = client.take();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0]["rows"], messages[2]["rows"]);
}

TEST(Hub, TellsANewHeaderOnceAndDropsRowsOfTheOldOne) {
  Bench bench;
  Client client(bench);
  client.subscribe({kHost});
  EXPECT_EQ(client.take().at(0)["header"], json::array());
  bench.hub.header(kHost, R"(["t","x"])");
  bench.hub.publish(kHost, "1000", "[1,5]", true);
  bench.pass(50ms);
  const auto first = client.take();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0]["header"], json({"t", "x"}));
  EXPECT_EQ(first[0]["rows"], json::parse("[[1,5]]"));
  bench.hub.publish(kHost, "2000", "[2,6]", true);
  bench.hub.header(kHost, R"(["t","x","y"])");
  bench.hub.publish(kHost, "3000", "[3,7,8]", true);
  bench.pass(50ms);
  const auto second = client.take();
  ASSERT_EQ(second.size(), 2u);
  EXPECT_FALSE(second[0].contains("header"));
  EXPECT_EQ(second[0]["rows"], json::parse("[[2,6]]"));
  EXPECT_EQ(second[1]["header"], json({"t", "x", "y"}));
  EXPECT_EQ(second[1]["rows"], json::parse("[[3,7,8]]"));
  client.subscribe({kHost}, first[0]["cursor"]);
  const auto resumed = client.take();
  ASSERT_EQ(resumed.size(), 1u);
  EXPECT_EQ(resumed[0]["type"], "snapshot");
  EXPECT_EQ(resumed[0]["rows"], json::parse("[[3,7,8]]"));
}

TEST(Hub, KeepsRowsThatCameBeforeTheFirstHeader) {
  Bench bench;
  Client client(bench);
  client.subscribe({kHost});
  bench.hub.publish(kHost, "1000", "[1,5]", true);
  bench.hub.header(kHost, R"(["t","x"])");
  Client other(bench);
  other.subscribe({kHost});
  EXPECT_EQ(other.take().at(0)["rows"], json::parse("[[1,5]]"));
}

TEST(Hub, KeepsTheNewestRowsOfAHostAndForgetsItAMinuteAfterTheLastViewer) {
  Bench bench(Limits{.host_rows = 3});
  EXPECT_FALSE(bench.hub.watched(kHost));
  bench.hub.publish(kHost, "0", "[0]", true);
  Client client(bench);
  client.subscribe({kHost});
  EXPECT_EQ(client.take().at(0)["rows"], json::array());
  EXPECT_TRUE(bench.hub.watched(kHost));
  for (int i = 1; i < 6; ++i) bench.hub.publish(kHost, std::to_string(i), "[" + std::to_string(i) + "]", true);
  bench.pass(50ms);
  const std::string cursor = client.take().back()["cursor"];
  client.end();
  bench.pass(59s);
  EXPECT_TRUE(bench.hub.watched(kHost));
  {
    Client again(bench);
    again.subscribe({kHost}, cursor);
    EXPECT_EQ(again.take().at(0)["type"], "beat");
    again.subscribe({kHost});
    EXPECT_EQ(again.take().at(0)["rows"], json::parse("[[3],[4],[5]]"));
  }
  bench.pass(70s);
  EXPECT_FALSE(bench.hub.watched(kHost));
  Client late(bench);
  late.subscribe({kHost}, cursor);
  EXPECT_EQ(late.take().at(0)["type"], "snapshot");
}

TEST(Hub, AlwaysWantsFleetAndAlerts) {
  Bench bench;
  EXPECT_TRUE(bench.hub.watched("fleet"));
  EXPECT_TRUE(bench.hub.watched("alerts"));
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

TEST(Hub, NumbersOneSequenceSoThatTheNewestCursorStandsForAllTopics) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet", "alerts"});
  client.take();
  bench.tick("a", 1);
  bench.hub.publish("alerts", "1", R"([1,"x"])", false);
  bench.tick("b", 1);
  bench.pass(50ms);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 2u);
  client.subscribe({"fleet", "alerts"}, messages[0]["cursor"]);
  const auto rest = client.take();
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest[0], messages[1]);
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
