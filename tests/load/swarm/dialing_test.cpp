#include "tests/load/swarm/dialing.h"

#include <gtest/gtest.h>

#include <vector>

namespace vedette::swarm {
namespace {

TEST(Dialing, LetsTheNextBeginAsOneEndsInTheirOrder) {
  Dialing dialing(2);
  std::vector<int> told;
  const auto begin = [&](int who) { return dialing.begin([&told, who] { told.push_back(who); }); };
  EXPECT_TRUE(begin(1));
  EXPECT_TRUE(begin(2));
  EXPECT_FALSE(begin(3));
  EXPECT_FALSE(begin(4));
  EXPECT_EQ(told, std::vector<int>{});
  dialing.end();
  EXPECT_EQ(told, std::vector<int>{3});
  EXPECT_FALSE(begin(5)) << "3 has begun";
  dialing.end();
  dialing.end();
  EXPECT_EQ(told, (std::vector<int>{3, 4, 5}));
  dialing.end();
  EXPECT_TRUE(begin(6));
  EXPECT_FALSE(begin(7));
}

TEST(Dialing, WhoGivesUpWhileBeingToldEndsTheNext) {
  Dialing dialing(1);
  int told = 0;
  EXPECT_TRUE(dialing.begin([] {}));
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(dialing.begin([&] {
      ++told;
      dialing.end();
    }));
  }
  dialing.end();
  EXPECT_EQ(told, 3);
  EXPECT_TRUE(dialing.begin([] {}));
}

}  // namespace
}  // namespace vedette::swarm
