// What a kill -9 between two commits leaves of outages and statuses, and what the next start makes of it.
#include "tests/server/fleet/world.h"

namespace vedette::fleet {
namespace {

using domain::HostStatus;
namespace seen = domain::seen;

/// A last status `ago` and an outage since `from`, ended or not, as the last run left them.
void left(World& w, HostStatus status, std::chrono::seconds ago, std::chrono::seconds from,
          std::optional<std::chrono::seconds> to = {}) {
  w.records.lasts = {{kHost, status, w.stage.wall - ago, status == HostStatus::up ? "" : "gone"}};
  domain::Outage outage;
  outage.id = 1;
  outage.host = kHost;
  outage.from = w.stage.wall - from;
  if (to) outage.to = w.stage.wall - *to;
  outage.status = HostStatus::lost;
  w.records.saved[1] = outage;
}

TEST(Killed, BetweenAnOutageAndItsStatusTheOutageGoesOn) {
  World w;
  left(w, HostStatus::up, 1h, 30s);
  w.start();
  EXPECT_EQ(w.state().status, HostStatus::unknown) << "it may come back within the grace";
  w.stage.advance(50s);
  EXPECT_EQ(w.state().status, HostStatus::lost);
  w.welcome();
  w.stage.advance(1s);
  ASSERT_EQ(w.records.saved.size(), 1u) << "one outage, not two";
  EXPECT_EQ(w.records.saved.at(1).to, w.stage.wall - 1s);
}

TEST(Killed, AnOutageThatWasNeverEndedEndsWhereTheHostWasUpAgain) {
  World w;
  left(w, HostStatus::up, 10min, 1h);
  w.start();
  w.stage.advance(0ms);
  EXPECT_EQ(w.records.saved.at(1).to, w.stage.wall - 10min);
  w.welcome();
  w.see(seen::EndedWithoutClose{"FIN"});
  w.stage.advance(5s);
  EXPECT_EQ(w.records.saved.size(), 2u) << "the next outage is one of its own";
}

TEST(Killed, BetweenAnOutagesEndAndTheStatusUpTheHostIsNotTakenForDown) {
  World w;
  left(w, HostStatus::lost, 1h, 1h + 5s, 10s);
  w.start();
  EXPECT_EQ(w.state().status, HostStatus::unknown);
  w.welcome();
  EXPECT_EQ(w.state().status, HostStatus::up);
  EXPECT_EQ(w.records.saved.size(), 1u);
}

TEST(Killed, DuringAnOutageTheHostStaysDown) {
  World w;
  left(w, HostStatus::lost, 1h, 1h + 5s);
  w.start();
  EXPECT_EQ(w.state().status, HostStatus::lost);
}

}  // namespace
}  // namespace vedette::fleet
