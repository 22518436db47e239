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
  EXPECT_EQ(attempts.words("a", "ann"), "3 tries left before a pause of 30 s.");
  attempts.count("a", "ann", kStart);
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann"), "1 try left before a pause of 30 s.");
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann"), "The next try is possible in 30 s.");
}

TEST(Attempts, OneUserIsPausedOnlyAfterManyTriesFromManyAddresses) {
  Attempts attempts;
  for (int i = 0; i < 19; ++i) attempts.count("a" + std::to_string(i), "ann", kStart);
  EXPECT_EQ(attempts.wait("new", "ann", kStart), seconds{0});
  attempts.count("a19", "ann", kStart);
  EXPECT_GT(attempts.wait("new", "ann", kStart), seconds{0});
}

TEST(Attempts, SuccessForgetsTheWrongOnes) {
  Attempts attempts;
  for (int i = 0; i < 4; ++i) attempts.count("a", "ann", kStart);
  attempts.succeeded("a", "ann");
  attempts.count("a", "ann", kStart);
  EXPECT_EQ(attempts.words("a", "ann"), "4 tries left before a pause of 30 s.");
}

TEST(Tries, RememberABoundedNumberOfKeysAndForgetTheOldest) {
  Tries tries(1, 100);
  for (int i = 0; i < 1000; ++i) tries.count(std::to_string(i), kStart);
  EXPECT_EQ(tries.size(), 100u);
  EXPECT_EQ(tries.wait("899", kStart), seconds{0});
  EXPECT_EQ(tries.wait("999", kStart), seconds{30});
}

TEST(Tries, ForgetAfterAnHour) {
  Tries tries(2, 10);
  tries.count("a", kStart);
  EXPECT_EQ(tries.wait("a", kStart + seconds{3601}), seconds{0});
  EXPECT_EQ(tries.left("a"), 2u);
}

TEST(Tries, TakenBackEndThePauseThatTheyBegan) {
  Tries tries(2, 10);
  tries.count("a", kStart);
  tries.count("a", kStart);
  tries.take_back("a");
  EXPECT_EQ(tries.wait("a", kStart), seconds{0});
  EXPECT_EQ(tries.left("a"), 1u);
  tries.take_back("a");
  EXPECT_EQ(tries.size(), 0u);
}

TEST(AddressKey, DropsThePortAndTheHostPartOfIpv6) {
  EXPECT_EQ(address_key("192.0.2.7:53124"), "192.0.2.7");
  EXPECT_EQ(address_key("[2001:db8:1:2:3::4]:1"), address_key("[2001:db8:1:2:ffff::1]:2"));
  EXPECT_NE(address_key("[2001:db8:1:2::1]:1"), address_key("[2001:db8:1:3::1]:1"));
  EXPECT_NE(address_key("[::ffff:192.0.2.7]:1"), address_key("[::ffff:192.0.2.8]:1"));
}

}  // namespace
}  // namespace vedette::access
