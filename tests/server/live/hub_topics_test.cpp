#include "server/live/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kHost = "host/00112233445566778899aabbccddeeff";

const std::string kUnknown = "host/ff112233445566778899aabbccddeeff";

std::string host_topic(int i) {
  const std::string digits = std::to_string(i);
  return "host/" + std::string(32 - digits.size(), '0') + digits;
}

TEST(HubTopics, TellsANewHeaderOnceAndDropsRowsOfTheOldOne) {
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
  EXPECT_EQ(client.take(), second) << "who resumes hears what the others heard";
}

TEST(HubTopics, KeepsRowsThatCameBeforeTheFirstHeader) {
  Bench bench;
  Client client(bench);
  client.subscribe({kHost});
  bench.hub.publish(kHost, "1000", "[1,5]", true);
  bench.hub.header(kHost, R"(["t","x"])");
  Client other(bench);
  other.subscribe({kHost});
  EXPECT_EQ(other.take().at(0)["rows"], json::parse("[[1,5]]"));
}

TEST(HubTopics, KeepsTheNewestRowsOfAHostAndForgetsItAMinuteAfterTheLastViewer) {
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

TEST(HubTopics, AlwaysWantsFleetAndAlerts) {
  Bench bench;
  EXPECT_TRUE(bench.hub.watched("fleet"));
  EXPECT_TRUE(bench.hub.watched("alerts"));
}

TEST(HubTopics, OfUnknownHostsAreRefusedAndTheOthersOfTheRequestServed) {
  Bench bench;
  Client client(bench);
  for (int i = 0; i < 5; ++i) client.subscribe({kUnknown, "fleet"});
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 10u);
  EXPECT_EQ(messages[0]["type"], "error");
  EXPECT_EQ(messages[0]["topic"], kUnknown);
  EXPECT_EQ(messages[0]["message"], "There is no host ff112233445566778899aabbccddeeff.");
  EXPECT_EQ(messages[1]["type"], "snapshot");
  EXPECT_EQ(client.connection.close_code, 0) << "a link to a host that is gone is no fault";
  EXPECT_FALSE(bench.hub.watched(kUnknown));
  client.subscribe({kUnknown}, "run7-1");
  EXPECT_EQ(client.take().size(), 1u) << "nothing but the refusal";
}

TEST(HubTopics, AreGoneAMinuteAfterNobodyWatchesAndBoundedUntilThen) {
  Bench bench(Limits{.host_topics = 50});
  Client client(bench);
  for (int i = 0; i < 1000; ++i) {
    client.subscribe({host_topic(i)});
    client.ask(json{{"op", "unsubscribe"}, {"topics", {host_topic(i)}}}.dump());
  }
  EXPECT_LE(bench.hub.topics(), 50u);
  client.subscribe({kHost});
  client.end();
  bench.pass(50s);
  EXPECT_TRUE(bench.hub.watched(kHost));
  bench.pass(20s);
  EXPECT_FALSE(bench.hub.watched(kHost));
  EXPECT_LE(bench.hub.topics(), 2u);
}

TEST(HubTopics, AreBoundedInAllAndMakeRoomWhereNobodyWatches) {
  Bench bench(Limits{.host_topics = 5});  // two are the fleet's and the alerts'
  Client one(bench), two(bench);
  one.subscribe({host_topic(1), host_topic(2)});
  for (int i = 1; i <= 2; ++i) bench.hub.publish(host_topic(i), "1", "[1]", true);
  bench.pass(50ms);
  two.subscribe({host_topic(3), host_topic(4)});
  const auto messages = two.take();
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0]["type"], "error");
  EXPECT_EQ(messages[0]["topic"], host_topic(4));
  EXPECT_EQ(messages[1]["type"], "snapshot");
  EXPECT_EQ(bench.hub.counters().over_host_topics, 1u);
  one.end();
  two.subscribe({host_topic(4)});
  EXPECT_EQ(two.take().at(0)["type"], "snapshot");
  EXPECT_EQ(bench.hub.topics(), 5u);
}

}  // namespace
}  // namespace vedette::live
