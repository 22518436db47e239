#include "server/live/polls.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using nlohmann::json;
using units::Milliseconds;

/// Polls of one bench, and the answers in the order in which they came.
struct Polling {
  Bench bench;
  Polls polls{bench.hub, bench.control};
  std::vector<domain::Response> answers;

  explicit Polling(Limits limits = {}) : bench(limits) {}
  ~Polling() { bench.settle(); }
  void poll(std::vector<std::string> topics, std::optional<std::string> cursor = {}, const std::string& sid = "ann") {
    polls.poll({sid, units::Instant::max()}, {std::move(topics), std::move(cursor)},
               [this](domain::Response response) { answers.push_back(std::move(response)); });
    bench.settle();
  }
  /// The answer to the only poll so far.
  json take() {
    EXPECT_EQ(answers.size(), 1u);
    if (answers.empty()) return {};
    const json body = json::parse(answers.front().body);
    answers.clear();
    return body;
  }
};

TEST(Polls, WithoutACursorAreAnsweredWithSnapshotsAtOnce) {
  Polling polling;
  polling.bench.tick("web", 1);
  polling.poll({"fleet", "alerts"});
  const json body = polling.take();
  ASSERT_EQ(body["events"].size(), 2u);
  EXPECT_EQ(body["events"][0]["rows"], json::parse(R"([["web",1]])"));
  EXPECT_EQ(body["cursor"], body["events"][1]["cursor"]);
}

TEST(Polls, AreToldThatATopicIsLost) {
  Polling polling;
  const std::string host = "host/00112233445566778899aabbccddeeff";
  polling.poll({"fleet", host});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet", host}, cursor);
  polling.bench.pass(Milliseconds{200});
  ASSERT_TRUE(polling.answers.empty());
  polling.bench.revoked.insert(host);
  polling.bench.hub.on_host_revoked(domain::HostNumber{1});
  polling.bench.settle();
  const json body = polling.take();
  ASSERT_EQ(body["events"].size(), 1u);
  EXPECT_EQ(body["events"][0]["topic"], host);
  EXPECT_EQ(body["events"][0]["message"], "This host was revoked.");
  EXPECT_EQ(body["cursor"], cursor);
}

TEST(Polls, WaitForTheNextEvents) {
  Polling polling;
  polling.poll({"fleet", "alerts"});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet", "alerts"}, cursor);
  polling.bench.pass(Milliseconds{10'000});
  EXPECT_TRUE(polling.answers.empty()) << "beats are no news";
  polling.bench.tick("web", 2);
  polling.bench.pass(polling.bench.hub.limits().flush_least);
  polling.bench.hub.publish("alerts", "7", R"(["7","fires"])", false);
  polling.bench.pass(Milliseconds{99});
  EXPECT_TRUE(polling.answers.empty()) << "what follows soon is told together";
  polling.bench.pass(Milliseconds{1});
  const json body = polling.take();
  ASSERT_EQ(body["events"].size(), 2u);
  EXPECT_EQ(body["events"][0]["topic"], "fleet");
  EXPECT_EQ(body["events"][1]["topic"], "alerts");
  EXPECT_EQ(body["cursor"], body["events"][1]["cursor"]);
}

TEST(Polls, MissNothingInBetween) {
  Polling polling;
  polling.poll({"fleet"});
  const std::string cursor = polling.take()["cursor"];
  polling.bench.tick("web", 2);
  polling.bench.pass(Milliseconds{60});
  polling.bench.tick("web", 3);
  polling.bench.pass(Milliseconds{60});
  polling.poll({"fleet"}, cursor);
  const json body = polling.take();
  ASSERT_EQ(body["events"].size(), 2u);
  EXPECT_EQ(body["events"][0]["rows"], json::parse(R"([["web",2]])"));
  EXPECT_EQ(body["events"][1]["rows"], json::parse(R"([["web",3]])"));
}

TEST(Polls, OfAHostWithoutTicksWaitToo) {
  Polling polling;
  const std::string host = "host/" + std::string(32, '7');
  polling.poll({"fleet", host});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet", host}, cursor);
  EXPECT_TRUE(polling.answers.empty()) << "the topic is the one of the first poll still";
  polling.bench.hub.publish(host, "1000", "[1,5]", true);
  polling.bench.pass(Milliseconds{60});
  EXPECT_EQ(polling.take()["events"][0]["rows"], json::parse("[[1,5]]"));
}

TEST(Polls, WithNothingToTellAreAnsweredInTimeWithTheCursor) {
  Polling polling;
  polling.poll({"alerts"});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"alerts"}, cursor);
  polling.bench.tick("web", 2);  // another topic's
  for (int second = 0; second < 25; ++second) {
    EXPECT_TRUE(polling.answers.empty());
    polling.bench.pass(Milliseconds{1'000});
  }
  const json body = polling.take();
  EXPECT_TRUE(body["events"].empty());
  EXPECT_NE(body["cursor"], cursor) << "it moved on with the beats";
  polling.poll({"alerts"}, body["cursor"]);
  EXPECT_TRUE(polling.answers.empty()) << "and is good for the next poll";
}

TEST(Polls, TellWhatIsRefused) {
  Polling polling;
  polling.poll({"host/" + std::string(32, 'f')});
  const json body = polling.take();
  ASSERT_EQ(body["events"].size(), 1u);
  EXPECT_EQ(body["events"][0]["type"], "error");
}

TEST(Polls, EndWithTheLogin) {
  Polling polling;
  polling.poll({"fleet"});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet"}, cursor);
  EXPECT_EQ(polling.bench.hub.counters().viewers, 1u);
  polling.bench.hub.on_login_ended("ann");
  polling.bench.settle();
  ASSERT_EQ(polling.answers.size(), 1u);
  EXPECT_EQ(polling.answers[0].status, 401);
  EXPECT_EQ(polling.bench.hub.counters().viewers, 0u);
}

TEST(Polls, AreBoundedForALoginAndInAll) {
  Polling polling({.polls = 3, .polls_of_login = 2});
  polling.poll({"fleet"});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet"}, cursor);
  polling.poll({"fleet"}, cursor);
  ASSERT_TRUE(polling.answers.empty());
  polling.poll({"fleet"}, cursor);
  ASSERT_EQ(polling.answers.size(), 1u);
  EXPECT_EQ(polling.answers[0].status, 429);
  polling.poll({"fleet"}, cursor, "bob");
  ASSERT_EQ(polling.answers.size(), 1u);
  polling.poll({"fleet"}, cursor, "eve");
  ASSERT_EQ(polling.answers.size(), 2u);
  EXPECT_EQ(polling.answers[1].status, 503);
  EXPECT_EQ(polling.bench.hub.counters().over_polls_of_login, 1u);
  EXPECT_EQ(polling.bench.hub.counters().over_polls, 1u);
  polling.bench.tick("web", 1);
  polling.bench.pass(Milliseconds{60});
  EXPECT_EQ(polling.answers.size(), 5u);
  polling.poll({"fleet"}, polling.bench.hub.cursor(1000), "eve");  // unknown: a snapshot, and room again
  EXPECT_EQ(polling.answers.back().status, 200);
}

TEST(Polls, AreAnsweredWhenTheCollectorStops) {
  Polling polling;
  polling.poll({"fleet"});
  const std::string cursor = polling.take()["cursor"];
  polling.poll({"fleet"}, cursor);
  polling.bench.hub.stop();
  polling.bench.settle();
  ASSERT_EQ(polling.answers.size(), 1u);
  EXPECT_EQ(polling.answers[0].status, 503);
}

}  // namespace
}  // namespace vedette::live
