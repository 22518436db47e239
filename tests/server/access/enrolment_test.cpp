#include "server/access/enrolment.h"

#include <gtest/gtest.h>

#include "tests/logged.h"
#include "tests/server/access/bench.h"

namespace vedette::access {
namespace {

using std::chrono::seconds;

const std::string kPeer = "192.0.2.7:1";

TEST(Enrolment, TradesATokenForAKeyThatTheGateKnows) {
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now());
  ASSERT_TRUE(token);
  const auto enrolled = desk.enrol(*token, "web", kPeer);
  ASSERT_TRUE(enrolled) << enrolled.error().error.message;
  const auto head = Bench::with("authorization", "Bearer " + enrolled->key);
  EXPECT_EQ(bench.gate.host(head)->id, enrolled->host);
  ASSERT_TRUE(bench.store->revoke("web"));
  EXPECT_EQ(bench.gate.host(head).error().code, units::ErrorCode::forbidden);
  EXPECT_EQ(bench.gate.host(Bench::with("authorization", "Bearer nonsense")).error().code,
            units::ErrorCode::unauthorized);
  EXPECT_EQ(bench.gate.host({}).error().code, units::ErrorCode::unauthorized);
  EXPECT_EQ(desk.enrol(*token, "web", kPeer).error().error.code, units::ErrorCode::unauthorized);
}

TEST(Enrolment, RefusesBoundsAndNamesThatMakeNoSense) {
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  EXPECT_FALSE(create_token(*bench.store, 0, std::chrono::hours(1), bench.clock.now()));
  EXPECT_FALSE(create_token(*bench.store, 1, std::chrono::hours(0), bench.clock.now()));
  EXPECT_FALSE(create_token(*bench.store, 1, std::chrono::hours(24 * 400), bench.clock.now()));
  for (const char* name : {"", "a b", "a\nb", "<b>"})
    EXPECT_EQ(desk.enrol("x", name, kPeer).error().error.code, units::ErrorCode::invalid);
}

TEST(Enrolment, RefusesAnAddressThatFloodsItWithoutAskingTheStoreAndLogsOneLineAMinute) {
  tests::Logged log;
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now());
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(desk.enrol("x", "web", "192.0.2.7:" + std::to_string(i)).error().retry_after, seconds{0});
  }
  for (int i = 0; i < 500; ++i) EXPECT_EQ(desk.enrol("x", "web", kPeer).error().retry_after, seconds{30});
  EXPECT_EQ(desk.enrol(*token, "web", kPeer).error().retry_after, seconds{30});
  EXPECT_EQ(log.with("enrolment refused").size(), 1u);
  bench.clock.monotonic += seconds{60};
  EXPECT_FALSE(desk.enrol("x", "web", kPeer));
  ASSERT_EQ(log.with("enrolment refused").size(), 2u);
  EXPECT_NE(log.with("enrolment refused")[1].find("refused=511"), std::string::npos);
  EXPECT_TRUE(desk.enrol(*token, "web", "192.0.2.8:1")) << "others go on";
}

TEST(Enrolment, HoldsToTheLimitsThatWereConfiguredAndCounts) {
  Bench bench;
  EXPECT_NE(create_token(*bench.store, 3, std::chrono::hours(1), bench.clock.now(), 2)
                .error()
                .message.find("1 to 2 (limits.agents_per_token)"),
            std::string::npos);
  EnrolmentDesk desk(*bench.store, bench.clock, 3);
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now(), 2);
  EXPECT_TRUE(desk.enrol(*token, "web", kPeer));
  EXPECT_EQ(desk.enrol(*token, "db", kPeer).error().error.code, units::ErrorCode::unauthorized);
  EXPECT_EQ(desk.used_up(), 1u);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(desk.enrol("x", "web", kPeer).error().retry_after, seconds{0});
  EXPECT_EQ(desk.paused(), 0u);
  EXPECT_EQ(desk.enrol("x", "web", kPeer).error().retry_after, seconds{30}) << "after three bad ones";
  EXPECT_EQ(desk.paused(), 1u);
}

TEST(Enrolment, ForgetsAnAddressesBadTokensAfterAGoodOne) {
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  const auto token = create_token(*bench.store, 2, std::chrono::hours(1), bench.clock.now());
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 9; ++i) EXPECT_FALSE(desk.enrol("x", "web", kPeer));
    EXPECT_TRUE(desk.enrol(*token, "web", kPeer));
  }
}

TEST(Enrolment, ALineOfTheLogNamesHostAndPeer) {
  tests::Logged log;
  Bench bench;
  EnrolmentDesk desk(*bench.store, bench.clock);
  const auto token = create_token(*bench.store, 1, std::chrono::hours(1), bench.clock.now());
  ASSERT_TRUE(desk.enrol(*token, "web", kPeer));
  ASSERT_EQ(log.with("host enrolled").size(), 1u);
  EXPECT_NE(log.with("host enrolled")[0].find("peer=" + kPeer), std::string::npos);
}

}  // namespace
}  // namespace vedette::access
