#include "server/fleet/status.h"

#include <gtest/gtest.h>

#include "server/fleet/correction.h"

namespace vedette::fleet {
namespace {

using domain::HostStatus;
namespace seen = domain::seen;
using namespace std::chrono_literals;

TEST(Judge, WordsOfTheLivenessTableAreVerbatim) {
  struct Row {
    domain::Sighting sighting;
    HostStatus status;
    const char* words;
    bool wait;
  };
  const Row rows[] = {
      {seen::Welcomed{}, HostStatus::up, "", false},
      {seen::GoodBye{"service stopped"}, HostStatus::stopped, "service stopped", false},
      {seen::GoodBye{"host is shutting down"}, HostStatus::stopped, "host is shutting down", false},
      {seen::GoodBye{"rebooting"}, HostStatus::stopped, "rebooting", false},
      {seen::EndedWithoutClose{"RST"}, HostStatus::lost,
       "connection ended without goodbye: agent killed, or something between cut it", true},
      {seen::EndedWithoutClose{"FIN", true}, HostStatus::lost, "connection ended without goodbye: agent or path", true},
      {seen::Silent{true, false}, HostStatus::unresponsive, "machine answers, agent is stopped or starved", false},
      {seen::Silent{false, false}, HostStatus::unresponsive, "host off, frozen, or network cut", false},
      {seen::Silent{false, true}, HostStatus::unresponsive, "agent or path", false},
      {seen::ClosedByUs{1007, "tick 3: bad"}, HostStatus::rejected, "tick 3: bad", false},
  };
  for (const Row& row : rows) {
    const auto got = judge(HostStatus::up, row.sighting);
    ASSERT_TRUE(got) << row.words;
    EXPECT_EQ(got->status, row.status) << row.words;
    EXPECT_EQ(got->reason, row.words);
    EXPECT_EQ(got->wait, row.wait) << row.words;
  }
}

TEST(Judge, ASocketErrorAfterAVerdictChangesNothing) {
  for (const auto status : {HostStatus::unresponsive, HostStatus::stopped, HostStatus::rejected, HostStatus::lost}) {
    EXPECT_FALSE(judge(status, seen::EndedWithoutClose{"RST"}));
  }
}

TEST(Judge, APongEndsOnlySilence) {
  EXPECT_EQ(judge(HostStatus::unresponsive, seen::AnswersAgain{})->status, HostStatus::up);
  EXPECT_FALSE(judge(HostStatus::stopped, seen::AnswersAgain{}));
  EXPECT_FALSE(judge(HostStatus::up, seen::Replaced{}));
}

TEST(Correction, SaysWhatTurnedOut) {
  domain::Outage outage;
  outage.from = units::Instant{} + 3h + 2min + 5s;
  outage.to = units::Instant{} + 3h + 9min;
  const Span most{outage.from + 2s, *outage.to}, some{outage.from + 2min, outage.from + 3min};
  EXPECT_EQ(correction(outage, {{}, true, {}, {}}), "host was up; network cut 03:02–03:09");
  domain::Outage stopped = outage;
  stopped.status = domain::HostStatus::stopped;
  EXPECT_EQ(correction(stopped, {{}, true, {}, {}}), "");
  EXPECT_EQ(correction(stopped, {outage.from, true, {}, {}}), "rebooted at 03:02");
  EXPECT_EQ(correction(outage, {outage.from, true, {}, {}}), "rebooted at 03:02");
  EXPECT_EQ(correction(outage, {{}, false, most, {}}), "agent took no samples 03:02–03:09");
  EXPECT_EQ(correction(outage, {{}, false, most, true}), "agent was stopped or frozen, no samples 03:02–03:09");
  EXPECT_EQ(correction(outage, {{}, false, most, false}), "agent died and was started again, no samples 03:02–03:09");
  EXPECT_EQ(correction(outage, {{}, false, some, true}),
            "host was up; network cut 03:02–03:09; no samples 03:04–03:05");
}

TEST(Hole, IsTheLongestTimeWithoutATick) {
  const units::Instant start = units::Instant{} + 3h;
  Hole hole(start);
  EXPECT_EQ(hole.longest(start + 10s).to, start + 10s) << "nothing came: all of it";
  for (const auto at : {1s, 2s, 3s, 30s, 5s, 31s}) hole.tick(start + at);
  EXPECT_EQ(hole.longest(start + 32s).from, start + 3s);
  EXPECT_EQ(hole.longest(start + 32s).to, start + 30s);
  EXPECT_EQ(hole.longest(start + 90s).from, start + 31s) << "the time after the last tick counts too";
}

}  // namespace
}  // namespace vedette::fleet
