#include "server/live/hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

TEST(HubResume, ResumesWithTheDeltasSinceTheCursorAndNothingElse) {
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

TEST(HubResume, AnswersAResumeWithNothingNewByABeat) {
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

TEST(HubResume, AnswersCursorsOfAnotherRunOrFromNowhereWithASnapshot) {
  Bench bench;
  bench.tick("a", 1);
  bench.pass(50ms);
  for (const std::string cursor : {"other-2", "run7-999", "run7-0", "nonsense", "-", "run7-", "run7-1x"}) {
    Client client(bench);
    client.subscribe({"fleet"}, cursor);
    EXPECT_EQ(client.take().at(0)["type"], "snapshot") << cursor;
  }
}

TEST(HubResume, AnswersATooOldCursorWithASnapshot) {
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

TEST(HubResume, SendsASnapshotWhenTheDeltasWouldBeLonger) {
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

TEST(HubResume, SplitsALargeSnapshotAndLetsOnlyItsEndBeResumed) {
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

TEST(HubResume, SplitsALargeDeltaIntoEventsThatResumeOneByOne) {
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

TEST(HubResume, NumbersOneSequenceSoThatTheNewestCursorStandsForAllTopics) {
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

TEST(HubResume, GoesOnThroughANewHeaderAsAViewerThatStayed) {
  Bench bench;
  Client stayed(bench);
  stayed.subscribe({"fleet"});
  bench.tick("web", 1);
  bench.pass(50ms);
  const std::string before = stayed.take().back()["cursor"];
  bench.hub.header("fleet", R"(["id","value","more"])");
  bench.hub.publish("fleet", "web", R"(["web",2,3])", true);
  bench.pass(50ms);
  const auto told = stayed.take();
  ASSERT_EQ(told.size(), 1u);
  ASSERT_TRUE(told[0].contains("header"));
  Client resumed(bench);
  resumed.subscribe({"fleet"}, before);
  EXPECT_EQ(resumed.take(), told);
}

}  // namespace
}  // namespace vedette::live
