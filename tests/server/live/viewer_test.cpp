#include "server/live/viewer.h"

#include <gtest/gtest.h>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::string kHost = "host/00112233445566778899aabbccddeeff";

/// A viewer whose socket holds `bytes` that it doesn't read.
void stuff(Client& client, std::size_t bytes) {
  client.connection.reads = false;
  client.connection.queued = bytes;
}

TEST(Viewer, GetsTheLatestRowOfEachKeyOnceItReadsAgain) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  stuff(client, 70'000);
  for (int i = 0; i < 80; ++i) {
    bench.tick("a", i);
    if (i % 10 == 0) bench.tick("b", i);
    bench.pass(50ms);
  }
  EXPECT_TRUE(client.take().empty());
  client.drain();
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["rows"], json::parse(R"([["a",79],["b",70]])"));
  EXPECT_EQ(client.connection.close_code, 0);
  EXPECT_EQ(bench.hub.counters().conflated, 86u);
  bench.tick("a", 100);
  bench.pass(50ms);
  EXPECT_EQ(client.take().at(0)["rows"], json::parse(R"([["a",100]])"));
}

TEST(Viewer, KeepsTheNewestTicksOfAHostWhileSlow) {
  Bench bench(Limits{.host_rows = 2});
  Client client(bench);
  client.subscribe({kHost});
  client.take();
  stuff(client, 70'000);
  for (int i = 1; i <= 5; ++i) {
    bench.hub.publish(kHost, std::to_string(i), "[" + std::to_string(i) + "]", true);
    bench.pass(50ms);
  }
  client.drain();
  EXPECT_EQ(client.take().at(0)["rows"], json::parse("[[4],[5]]"));
  EXPECT_EQ(bench.hub.counters().conflated, 3u);
}

TEST(Viewer, GetsEveryAlertWhileSlowWithACursorThatLosesNoTick) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet", "alerts"});
  const std::string before = client.take().back()["cursor"];
  stuff(client, 70'000);
  bench.tick("a", 1);
  bench.pass(50ms);
  for (int i = 0; i < 3; ++i) {
    bench.hub.publish("alerts", "1", json{1, i}.dump(), false);
    bench.pass(50ms);
  }
  const auto alerts = client.take();
  ASSERT_EQ(alerts.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(alerts[static_cast<std::size_t>(i)]["rows"], json::parse("[[1," + std::to_string(i) + "]]"));
    EXPECT_EQ(alerts[static_cast<std::size_t>(i)]["cursor"], before);
  }
  Client again(bench);
  again.subscribe({"fleet"}, alerts.back()["cursor"]);
  EXPECT_EQ(again.take().at(0)["rows"], json::parse(R"([["a",1]])"));
  client.drain();
  const auto held = client.take();
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0]["topic"], "fleet");
  again.subscribe({"fleet", "alerts"}, held[0]["cursor"]);
  EXPECT_EQ(again.take().at(0)["type"], "beat");
}

TEST(Viewer, BeatsWithTheCursorBeforeWhatIsHeld) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet"});
  const std::string before = client.take().back()["cursor"];
  stuff(client, 70'000);
  bench.tick("a", 1);
  bench.pass(5s);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["type"], "beat");
  EXPECT_EQ(messages[0]["cursor"], before);
}

TEST(Viewer, IsClosedWhenTooMuchWaits) {
  Bench bench;
  Client client(bench);
  client.subscribe({"alerts"});
  stuff(client, 0);
  const std::string words(10'000, 'x');
  int sent = 0;
  for (; sent < 100 && client.connection.close_code == 0; ++sent) {
    bench.hub.publish("alerts", "1", json{1, words}.dump(), false);
    bench.pass(50ms);
  }
  EXPECT_EQ(client.connection.close_code, 4408);
  EXPECT_TRUE(client.connection.close_reason.starts_with("too slow"));
  EXPECT_EQ(sent, 27);
  EXPECT_EQ(bench.hub.counters().too_slow, 1u);
}

TEST(Viewer, MayTakeItsTimeForTheSnapshot) {
  Bench bench;
  const std::string words(10'000, 'x');
  for (int i = 0; i < 40; ++i) {
    bench.hub.publish("fleet", std::to_string(i), json{std::to_string(i), words}.dump(), true);
  }
  Client client(bench);
  stuff(client, 0);
  client.subscribe({"fleet", "alerts"});
  EXPECT_GT(client.connection.queued, 400'000u);
  bench.hub.publish("alerts", "1", json{1, words}.dump(), false);
  bench.pass(50ms);
  EXPECT_EQ(client.take().back()["topic"], "alerts");
  EXPECT_EQ(client.connection.close_code, 0);
}

TEST(Viewer, GetsASnapshotInsteadOfHeldRowsWhenItSubscribesAnew) {
  Bench bench;
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  stuff(client, 70'000);
  bench.tick("a", 1);
  bench.pass(50ms);
  client.subscribe({"fleet"});
  EXPECT_EQ(client.take().size(), 1u);
  client.drain();
  EXPECT_TRUE(client.take().empty());
}

TEST(Viewer, IsClosedWhenItTakesNothingForAMinute) {
  Bench bench;
  Client client(bench);
  client.connection.reads = false;
  client.subscribe({"fleet"});
  bench.pass(55s);
  EXPECT_EQ(client.connection.close_code, 0);
  bench.pass(15s);
  EXPECT_EQ(client.connection.close_code, 4408);
}

TEST(Viewer, ToldWhatWasWrongAndClosedAtTheThirdTime) {
  Bench bench;
  Client client(bench);
  client.ask("{");
  client.ask(R"({"op":"jump","topics":["fleet"]})");
  EXPECT_EQ(client.connection.close_code, 0);
  client.ask(R"({"op":"subscribe","topics":["host/42"]})");
  EXPECT_EQ(client.connection.close_code, 1008);
  const auto messages = client.take();
  ASSERT_EQ(messages.size(), 3u);
  for (const auto& message : messages) EXPECT_EQ(message["type"], "error");
  EXPECT_NE(messages[2]["message"].get<std::string>().find("host/42"), std::string::npos);
  client.subscribe({"fleet"});
  EXPECT_TRUE(client.take().empty());
}

TEST(Viewer, HasAtMostTwoHundredAndFiftySixTopics) {
  Bench bench;
  Client client(bench);
  const auto host = [](int i) {
    std::string digits = std::to_string(i);
    return "host/" + std::string(32 - digits.size(), '0') + digits;
  };
  for (int i = 0; i < 256; ++i) client.subscribe({host(i)});
  client.take();
  client.subscribe({host(256)});
  EXPECT_EQ(client.take().at(0)["type"], "error");
  EXPECT_EQ(bench.hub.counters().over_topics, 1u);
  client.ask(json{{"op", "unsubscribe"}, {"topics", {host(0)}}}.dump());
  client.subscribe({host(256)});
  EXPECT_EQ(client.take().at(0)["type"], "snapshot");
}

TEST(Viewer, HasAsManyTopicsAndBytesAMessageAsConfigured) {
  Bench bench(Limits{.topics = 1, .message = 60});
  Client client(bench);
  client.subscribe({"fleet"});
  client.take();
  client.subscribe({"alerts"});
  EXPECT_EQ(client.take().at(0)["message"], "a viewer has at most 1 topics");
  client.viewer->on_text(std::string(61, ' '));
  EXPECT_EQ(client.take().at(0)["message"], "a message has at most 60 bytes");
}

TEST(Viewer, SpeaksTextOnly) {
  Bench bench;
  Client client(bench);
  client.viewer->on_binary({});
  EXPECT_EQ(client.connection.close_code, 1003);
}

TEST(Viewer, IsNotReadWhileItsRequestWaits) {
  Bench bench;
  Client client(bench);
  client.viewer->on_text(R"({"op":"subscribe","topics":["fleet"]})");
  EXPECT_TRUE(client.connection.paused);
  bench.settle();
  EXPECT_FALSE(client.connection.paused);
}

TEST(Viewer, IsClosedWhenItFloodsTheHubWithRequests) {
  Bench bench;
  Client client(bench);
  for (int i = 0; i < 65; ++i) client.viewer->on_text(R"({"op":"subscribe","topics":["fleet"]})");
  EXPECT_EQ(client.connection.close_code, 1008);
  bench.settle();
}

TEST(Viewer, EndsWhileTheHubStillHasSomethingForIt) {
  Bench bench;
  Client client(bench);
  client.viewer->on_text(R"({"op":"subscribe","topics":["fleet"]})");
  bench.control.run();
  client.end();
  bench.tick("a", 1);
  bench.pass(50ms);
  EXPECT_TRUE(client.take().empty());
}

}  // namespace
}  // namespace vedette::live
