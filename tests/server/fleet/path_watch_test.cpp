#include "server/fleet/path_watch.h"

#include <gmock/gmock.h>

namespace vedette::fleet {
namespace {

using domain::HostNumber;
using domain::NetworkPath;
using ::testing::ElementsAre;
using namespace std::chrono_literals;

constexpr HostNumber kA{1}, kB{2}, kC{3}, kD{4};
const NetworkPath kProxy{"10.0.0.5", ""}, kOther{"10.0.0.6", ""}, kNetwork{"", "192.0.2.0/24"}, kHere{};
constexpr units::Steady kStart = units::Steady{} + 1h;

PathWatch watch(const NetworkPath& path, std::initializer_list<HostNumber> hosts) {
  PathWatch watch;
  for (const HostNumber host : hosts) watch.connected(host, path);
  return watch;
}

TEST(PathWatch, AllHostsOfAProxyThatFallTogetherLostTheirPath) {
  PathWatch w = watch(kProxy, {kA, kB, kC});
  EXPECT_FALSE(w.fell(kA, kStart));
  EXPECT_FALSE(w.fell(kC, kStart + 7s));
  const auto loss = w.fell(kB, kStart + 14s);
  ASSERT_TRUE(loss);
  EXPECT_THAT(loss->hosts, ElementsAre(kA, kC, kB)) << "one after another, each within eight seconds";
  EXPECT_EQ(words(*loss), "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it");
}

TEST(PathWatch, OneWhoStaysShowsThatThePathIsThere) {
  PathWatch w = watch(kProxy, {kA, kB, kC});
  EXPECT_FALSE(w.fell(kA, kStart));
  EXPECT_FALSE(w.fell(kB, kStart));
  w.connected(kA, kProxy);
  EXPECT_FALSE(w.fell(kC, kStart + 1s)) << "kA is back by it";
}

TEST(PathWatch, OneHostAloneIsNoPath) {
  PathWatch w = watch(kProxy, {kA});
  w.connected(kB, kOther);
  EXPECT_FALSE(w.fell(kA, kStart));
  EXPECT_FALSE(w.fell(kB, kStart)) << "another proxy";
}

TEST(PathWatch, WhoWasAwayBeforeOrSaidGoodbyeDoesNotCount) {
  PathWatch w = watch(kProxy, {kA, kB, kC, kD});
  EXPECT_FALSE(w.fell(kA, kStart));
  w.left(kB);
  EXPECT_FALSE(w.fell(kC, kStart + 60s));
  const auto loss = w.fell(kD, kStart + 61s);
  ASSERT_TRUE(loss);
  EXPECT_THAT(loss->hosts, ElementsAre(kC, kD));
  EXPECT_FALSE(w.fell(kD, kStart + 61s)) << "told twice";
  PathWatch slow = watch(kProxy, {kA, kB});
  EXPECT_FALSE(slow.fell(kA, kStart));
  EXPECT_FALSE(slow.fell(kB, kStart + 9s)) << "each for reasons of its own";
}

TEST(PathWatch, FurtherHostsInItsCourseAreTheSameLoss) {
  PathWatch w = watch(kProxy, {kA, kB});
  EXPECT_FALSE(w.fell(kA, kStart));
  const auto first = w.fell(kB, kStart);
  w.connected(kC, kProxy);
  const auto more = w.fell(kC, kStart + 3s);
  ASSERT_TRUE(first && more);
  EXPECT_EQ(first->number, more->number);
  EXPECT_THAT(more->hosts, ElementsAre(kA, kB, kC));
  for (const HostNumber host : {kA, kB, kC}) w.connected(host, kProxy);
  for (const HostNumber host : {kA, kB}) EXPECT_FALSE(w.fell(host, kStart + 60s));
  const auto again = w.fell(kC, kStart + 60s);
  ASSERT_TRUE(again);
  EXPECT_NE(again->number, first->number);
}

TEST(PathWatch, ANetworkTakesThreeAndAHostOnThisMachineHasNone) {
  PathWatch two = watch(kNetwork, {kA, kB});
  EXPECT_FALSE(two.fell(kA, kStart));
  EXPECT_FALSE(two.fell(kB, kStart));
  PathWatch three = watch(kNetwork, {kA, kB, kC});
  EXPECT_FALSE(three.fell(kA, kStart));
  EXPECT_FALSE(three.fell(kB, kStart));
  const auto loss = three.fell(kC, kStart);
  ASSERT_TRUE(loss);
  EXPECT_EQ(words(*loss), "path lost, 3 hosts: the network 192.0.2.0/24 or the way to it");
  PathWatch here = watch(kHere, {kA, kB, kC});
  for (const HostNumber host : {kA, kB, kC}) EXPECT_FALSE(here.fell(host, kStart));
}

TEST(PathWatch, AMachineThatAnswersShowsThatThePathIsThere) {
  PathWatch w = watch(kNetwork, {kA, kB, kC, kD});
  w.path_answers(kD, kStart);
  for (const HostNumber host : {kA, kB, kC}) EXPECT_FALSE(w.fell(host, kStart + 2s));
}

TEST(PathWatch, AHostThatAnswersAgainIsThereAgain) {
  PathWatch w = watch(kProxy, {kA, kB});
  EXPECT_FALSE(w.fell(kA, kStart));
  w.answers(kA);
  EXPECT_FALSE(w.fell(kB, kStart + 1s));
  EXPECT_TRUE(w.fell(kA, kStart + 2s));
}

TEST(PathWatch, AHostThatCameByAnotherWayLeftTheOldOne) {
  PathWatch w = watch(kProxy, {kA, kB, kC});
  EXPECT_FALSE(w.fell(kA, kStart));
  w.connected(kB, kOther);
  EXPECT_TRUE(w.fell(kC, kStart)) << "kB no longer stands for it";
  EXPECT_TRUE(w.elsewhere(kB, kProxy));
  EXPECT_FALSE(w.elsewhere(kB, kOther));
  EXPECT_FALSE(w.elsewhere(kC, kOther)) << "it fell";
  w.connected(kD, kHere);
  EXPECT_FALSE(w.elsewhere(kD, kProxy)) << "on this machine: says nothing of any network";
}

TEST(PathWatch, ForgetsAPathThatNobodyUses) {
  PathWatch w = watch(kProxy, {kA, kB});
  EXPECT_FALSE(w.fell(kA, kStart));
  EXPECT_FALSE(w.fell(kB, kStart + 60s));
  w.connected(kB, kOther);
  w.connected(kA, kOther);  // was in no list of the old path any more
  EXPECT_FALSE(w.fell(kA, kStart + 61s));
  EXPECT_TRUE(w.fell(kB, kStart + 61s));
}

}  // namespace
}  // namespace vedette::fleet
