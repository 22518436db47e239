#include "server/access/attempts.h"

#include <gtest/gtest.h>

namespace vedette::access {
namespace {

using std::chrono::seconds;

constexpr units::Steady kStart{std::chrono::hours(1)};

TEST(Attempts, PauseAfterFiveWrongTriesFromOneAddress) {
  Attempts attempts;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(attempts.wait("a", "ann", kStart), seconds{0});
    attempts.count("a", "ann", kStart);
  }
  EXPECT_EQ(attempts.wait("a", "bob", kStart), seconds{30});
  EXPECT_EQ(attempts.wait("b", "ann", kStart), seconds{0});
  EXPECT_EQ(attempts.wait("a", "ann", kStart + seconds{30}), seconds{0});
}

TEST(Attempts, AreAsManyAsConfigured) {
  Attempts attempts(2);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(attempts.wait("a", "ann", {}).count(), 0) << i;
    attempts.count("a", "ann", {});
  }
  EXPECT_EQ(attempts.wait("a", "ann", {}).count(), 30);
}

TEST(Attempts, PausesDoubleUpToAQuarterOfAnHour) {
  Attempts attempts;
  auto now = kStart;
  std::vector<std::int64_t> pauses;
  for (int i = 0; i < 12; ++i) {
    attempts.count("a", "ann", now);
    const auto wait = attempts.wait("a", "x", now);
    pauses.push_back(wait.count());
    now += wait;
  }
  EXPECT_EQ(pauses, (std::vector<std::int64_t>{0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900}));
}

TEST(Attempts, SayHowManyTriesAreLeft) {
  Attempts attempts;
  attempts.count("a", "ann", kStart);
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann", kStart), "3 tries left before a pause of 30 s.");
  attempts.count("a", "ann", kStart);
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann", kStart), "1 try left before a pause of 30 s.");
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann", kStart), "The next try is possible in 30 s.");
}

TEST(Attempts, NobodyIsLockedOutByGuessesFromElsewhere) {
  Attempts attempts;
  auto now = kStart;
  attempts.count("home", "admin", now);
  attempts.succeeded("home", "admin", now);
  for (int i = 0; i < 20; ++i) attempts.count("evil" + std::to_string(i / 5), "admin", now);
  for (int i = 0; i < 100; ++i) {  // then one wrong guess a quarter of an hour, for ever
    now += seconds{900};
    attempts.count("evil" + std::to_string(i % 4), "admin", now);
    ASSERT_EQ(attempts.wait("home", "admin", now), seconds{0});
    ASSERT_EQ(attempts.wait("new" + std::to_string(i), "admin", now), seconds{0}) << "the right password gets in";
  }
  for (int i = 0; i < 4; ++i) attempts.count("home", "admin", now);
  EXPECT_EQ(attempts.wait("home", "admin", now), seconds{0}) << "mistyping is as free as ever where the user is known";
}

TEST(Attempts, AUserGuessedAtFromAllOverLeavesUnknownAddressesOneTry) {
  Attempts attempts;
  for (int i = 0; i < 19; ++i) attempts.count("a" + std::to_string(i), "ann", kStart);
  attempts.count("new", "ann", kStart);
  EXPECT_EQ(attempts.words("new", "ann", kStart), "1 try left before a pause of 30 s.");
  EXPECT_EQ(attempts.wait("new", "ann", kStart), seconds{0});
  attempts.count("next", "ann", kStart);
  EXPECT_EQ(attempts.wait("next", "ann", kStart), seconds{30});
  EXPECT_EQ(attempts.wait("next", "bob", kStart), seconds{0}) << "others behind the address go on";
}

TEST(Attempts, AnAccountOfOnesOwnDoesNotClearTheGuessesAtAnothers) {
  Attempts attempts;
  for (int i = 0; i < 4; ++i) {
    attempts.count("a", "admin", kStart);
    attempts.count("a", "eve", kStart);
    attempts.succeeded("a", "eve", kStart);
  }
  attempts.count("a", "admin", kStart);
  EXPECT_EQ(attempts.wait("a", "admin", kStart), seconds{30});
}

TEST(Attempts, ThatNobodyCouldJudgeDoNotCount) {
  Attempts attempts;
  for (int i = 0; i < 50; ++i) {
    attempts.count("a", "ann", kStart);
    attempts.take_back("a", "ann");
  }
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann", kStart), "4 tries left before a pause of 30 s.");
}

TEST(Attempts, SuccessForgetsTheWrongOnes) {
  Attempts attempts;
  for (int i = 0; i < 4; ++i) attempts.count("a", "ann", kStart);
  attempts.succeeded("a", "ann", kStart);
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann", kStart), "4 tries left before a pause of 30 s.");
}

TEST(Tries, RememberABoundedNumberOfKeysAndForgetTheOldest) {
  Tries tries(100);
  for (int i = 0; i < 1000; ++i) tries.count(std::to_string(i), 1, kStart);
  EXPECT_EQ(tries.size(), 100u);
  EXPECT_EQ(tries.wait("899", kStart), seconds{0});
  EXPECT_EQ(tries.wait("999", kStart), seconds{30});
}

TEST(Tries, ForgetAfterAnHour) {
  Tries tries(10);
  tries.count("a", 2, kStart);
  EXPECT_EQ(tries.wrong("a", kStart + seconds{3600}), 1u);
  EXPECT_EQ(tries.wrong("a", kStart + seconds{3601}), 0u);
}

TEST(Tries, TakenBackEndThePauseThatTheyBegan) {
  Tries tries(10);
  tries.count("a", 2, kStart);
  tries.count("a", 2, kStart);
  tries.take_back("a");
  EXPECT_EQ(tries.wait("a", kStart), seconds{0});
  EXPECT_EQ(tries.wrong("a", kStart), 1u);
  tries.take_back("a");
  EXPECT_EQ(tries.size(), 0u);
}

TEST(AddressKey, NeedsNoPort) {
  EXPECT_EQ(address_key("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_key("[2001:db8:1:2::1]"), address_key("[2001:db8:1:2::1]:1"));
  EXPECT_NE(address_key("[2001:db8:1:2::1]"), address_key("[2001:db8:1:3::1]"));
}

TEST(AddressKey, DropsThePortAndTheHostPartOfIpv6) {
  EXPECT_EQ(address_key("192.0.2.7:53124"), "192.0.2.7");
  EXPECT_EQ(address_key("[2001:db8:1:2:3::4]:1"), address_key("[2001:db8:1:2:ffff::1]:2"));
  EXPECT_NE(address_key("[2001:db8:1:2::1]:1"), address_key("[2001:db8:1:3::1]:1"));
  EXPECT_NE(address_key("[::ffff:192.0.2.7]:1"), address_key("[::ffff:192.0.2.8]:1"));
}

}  // namespace
}  // namespace vedette::access
