#include "server/ingest/verdict.h"

#include <gtest/gtest.h>

namespace vedette::ingest {
namespace {

using namespace std::chrono_literals;
using domain::Ending;
using domain::TcpState;
using units::Milliseconds;
using units::Steady;
namespace seen = domain::seen;

const Steady kStart = Steady{} + 1h;

PulseSigns signs(Steady last_received) {
  return {last_received, false, false, std::nullopt};
}

/// Steps a pulse as the stream does until `until`, with the last byte received at `last`. Returns every step.
struct Pulse {
  PulseState state = open_pulse(kStart, {});
  Steady at = kStart;
  std::vector<std::pair<Milliseconds, domain::Sighting>> sightings;
  std::vector<Milliseconds> pings;
  bool dropped = false;

  void to(Steady until, PulseSigns seen_now) {
    Milliseconds wait = PulseTimes{}.step_every;
    while (at + wait <= until && !dropped) {
      at += wait;
      const PulseStep s = step(state, at, seen_now, {});
      state = s.next;
      wait = s.again;
      const auto since = std::chrono::floor<Milliseconds>(at - kStart);
      if (s.sighting) sightings.emplace_back(since, *s.sighting);
      if (s.ping) pings.push_back(since);
      dropped = s.drop;
    }
  }
};

TEST(PulseOfAConnection, PingsEveryFiveSecondsWhileTheAgentTalks) {
  Pulse pulse;
  for (int i = 1; i <= 20; ++i) pulse.to(kStart + i * 1s, signs(kStart + i * 1s));
  EXPECT_EQ(pulse.pings, (std::vector<Milliseconds>{5s, 10s, 15s, 20s}));
  EXPECT_TRUE(pulse.sightings.empty());
}

TEST(PulseOfAConnection, ProbesAtEightSecondsAndGivesTheVerdictAfterTen) {
  Pulse pulse;
  pulse.to(kStart + 12s, {kStart, false, false, TcpState{0, 1'500ms}});
  EXPECT_EQ(pulse.pings, (std::vector<Milliseconds>{5s, 8s}));
  ASSERT_EQ(pulse.sightings.size(), 1u);
  EXPECT_EQ(pulse.sightings[0].first, 10'100ms) << "what is buffered is read before silence is judged";
  EXPECT_TRUE(std::get<seen::Silent>(pulse.sightings[0].second).machine_answers);
}

TEST(PulseOfAConnection, MachineDoesNotAnswerWhenTcpAckedNothing) {
  Pulse pulse;
  pulse.to(kStart + 12s, {kStart, false, false, TcpState{2, 10'000ms}});
  ASSERT_EQ(pulse.sightings.size(), 1u);
  EXPECT_FALSE(std::get<seen::Silent>(pulse.sightings[0].second).machine_answers);
}

TEST(PulseOfAConnection, BehindAProxyTcpSaysNothing) {
  Pulse pulse;
  pulse.to(kStart + 12s, {kStart, false, true, TcpState{0, 0ms}});
  ASSERT_EQ(pulse.sightings.size(), 1u);
  const auto silent = std::get<seen::Silent>(pulse.sightings[0].second);
  EXPECT_FALSE(silent.machine_answers);
  EXPECT_TRUE(silent.behind_proxy);
}

TEST(PulseOfAConnection, OnlyAPongEndsTheVerdictOnTheSameSocket) {
  Pulse pulse;
  EXPECT_FALSE(answered(pulse.state, kStart)) << "there is none yet";
  pulse.to(kStart + 30s, signs(kStart));
  pulse.to(kStart + 32s, signs(kStart + 31s));
  EXPECT_TRUE(pulse.state.silent_since) << "bytes from before a cut may still arrive";
  EXPECT_TRUE(answered(pulse.state, kStart + 32s));
  pulse.to(kStart + 41s, signs(kStart + 32s));
  EXPECT_EQ(pulse.sightings.size(), 1u) << "silence counts anew";
  pulse.to(kStart + 44s, signs(kStart + 32s));
  EXPECT_EQ(pulse.sightings.size(), 2u);
}

TEST(PulseOfAConnection, TheSocketIsDroppedSixtySecondsAfterTheVerdict) {
  Pulse pulse;
  pulse.to(kStart + 69s, signs(kStart));
  EXPECT_FALSE(pulse.dropped);
  pulse.to(kStart + 72s, signs(kStart));
  EXPECT_TRUE(pulse.dropped);
}

TEST(PulseOfAConnection, ReadingPausedByUsIsNotSilence) {
  Pulse pulse;
  pulse.to(kStart + 60s, {kStart, true, false, std::nullopt});
  EXPECT_TRUE(pulse.sightings.empty());
  pulse.to(kStart + 69s, signs(kStart));
  EXPECT_TRUE(pulse.sightings.empty()) << "silence counts from when reading went on";
  pulse.to(kStart + 72s, signs(kStart));
  EXPECT_EQ(pulse.sightings.size(), 1u);
}

TEST(PulseOfAConnection, OurOwnLatenessIsToldAndVerdictsWait) {
  PulseState state = open_pulse(kStart, {});
  const PulseStep late = step(state, kStart + 30s, signs(kStart), {});
  EXPECT_EQ(late.own_lateness, 29s);
  EXPECT_FALSE(late.sighting);
  Pulse pulse;
  pulse.state = late.next;
  pulse.at = kStart + 30s;
  pulse.to(kStart + 39s, signs(kStart));
  EXPECT_TRUE(pulse.sightings.empty());
  pulse.to(kStart + 42s, signs(kStart));
  EXPECT_EQ(pulse.sightings.size(), 1u);
}

// ---- the ends of a connection, row by row -------------------------------------------------------------------------

struct EndRow {
  const char* what;
  Ending ending;
  EndedAs before;
  std::optional<std::size_t> sighting;  // index into domain::Sighting, nullopt: nothing new
};
template <class T>
std::size_t kind() {
  return domain::Sighting(T{}).index();
}

TEST(JudgeEnd, EveryRowOfTheTable) {
  using How = Ending::How;
  const EndRow rows[] = {
      {"goodbye, then close", {How::closed, 1001, "", false}, {true, false}, {}},
      {"goodbye, then the machine is gone", {How::without_close, 1006, "RST", false}, {true, false}, {}},
      {"FIN", {How::without_close, 1006, "FIN", false}, {}, kind<seen::EndedWithoutClose>()},
      {"RST", {How::without_close, 1006, "RST", false}, {}, kind<seen::EndedWithoutClose>()},
      {"close without goodbye", {How::closed, 1001, "", false}, {}, kind<seen::EndedWithoutClose>()},
      {"error after a verdict", {How::without_close, 1006, "RST", false}, {false, true}, {}},
      {"we drop after a verdict", {How::we_gave_up, 1006, "", true}, {false, true}, {}},
      {"1002", {How::closed, 1002, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"1003", {How::closed, 1003, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"1007", {How::closed, 1007, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"1008", {How::closed, 1008, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"1009", {How::closed, 1009, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"4403", {How::closed, 4403, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"4426", {How::closed, 4426, "x", true}, {}, kind<seen::ClosedByUs>()},
      {"4409", {How::closed, 4409, "x", true}, {}, kind<seen::Replaced>()},
      {"the collector stops", {How::closed, 1001, "x", true}, {}, {}},
      {"the collector restarts", {How::closed, 1012, "x", true}, {}, {}},
      {"the peer's own 1002", {How::closed, 1002, "x", false}, {}, kind<seen::EndedWithoutClose>()},
  };
  for (const EndRow& row : rows) {
    const auto got = judge_end(row.ending, row.before);
    EXPECT_EQ(got ? std::optional(got->index()) : std::nullopt, row.sighting) << row.what;
  }
}

}  // namespace
}  // namespace vedette::ingest
