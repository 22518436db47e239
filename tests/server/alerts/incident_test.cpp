// Hosts that lost one path together: one incident, one message when it fires, one when the last is back.
#include <gmock/gmock.h>

#include "tests/server/alerts/scene.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Transition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kWords = "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it";

/// Hosts 1, 2, 3 …, "host-1" …, each with a path of its own as it is said.
struct Hosts : testing::Scene {
  explicit Hosts(std::vector<std::string> to = {"ops"}) {
    receivers = std::move(to);
    start();
  }
  void become(std::uint32_t number, HostStatus status, const std::string& words = "", std::uint64_t path_loss = 0) {
    domain::HostRecord record;
    record.number = domain::HostNumber{number};
    record.id.bytes[0] = static_cast<std::uint8_t>(number);
    record.name = "host-" + std::to_string(number);
    domain::HostState state;
    state.status = status;
    state.since = clock.now();
    state.reason = words;
    state.path_loss = path_loss;
    engine->on_host(record, state);
  }
  void lose(std::uint32_t number, std::uint64_t path_loss = 1) { become(number, HostStatus::lost, kWords, path_loss); }
  void up(std::uint32_t number) { become(number, HostStatus::up); }
  /// So many seconds go by.
  void pass(int seconds) {
    for (int n = 0; n < seconds; ++n) {
      ++clock.at;
      engine->advance();
    }
  }
  /// What the outbox holds, each as "[firing] host-1, host-2: words".
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> out;
    for (const auto& delivery : records.outbox) {
      const domain::Notice& notice = delivery.notice;
      std::string names = notice.hosts.empty() ? notice.host_name : "";
      for (const auto& host : notice.hosts) names += (names.empty() ? "" : ", ") + host.name;
      out.push_back((notice.transition == Transition::fired ? "[firing] " : "[resolved] ") + names + ": " +
                    notice.alert.reason);
    }
    return out;
  }
};

TEST(Incident, HostsThatLostOnePathAreOneMessageAndOneWhenTheLastIsBack) {
  Hosts w;
  for (const std::uint32_t n : {1U, 2U, 3U}) w.lose(n);
  w.pass(1);
  ASSERT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2, host-3: " + kWords));
  EXPECT_EQ(w.records.outbox[0].not_before, w.clock.now() + std::chrono::seconds(59));
  EXPECT_EQ(w.last_notice().alert.rule, "host-down");
  EXPECT_EQ(w.last_notice().alert.severity, domain::Severity::critical);
  const auto incident = w.last_notice().incident;
  for (const auto& [id, alert] : w.records.shown) EXPECT_EQ(alert.incident, incident);
  w.pass(60);
  EXPECT_EQ(w.told.count, 3) << "each host's outage knows that people were told";
  w.up(2);
  w.pass(1);
  w.up(1);
  w.pass(1);
  EXPECT_EQ(w.messages().size(), 1u) << "host-3 is still away";
  w.up(3);
  ASSERT_THAT(w.messages(), ElementsAre(::testing::_, "[resolved] host-1, host-2, host-3: up again; was " + kWords));
  EXPECT_EQ(w.last_notice().incident, incident);
  EXPECT_EQ(w.last_notice().alert.since, units::from_unix_ms(1'795'000'000'000)) << "since the first fired";
  w.pass(1);
  EXPECT_TRUE(w.quiet());
}

TEST(Incident, EachAlertKeepsItsOwnRowAndWords) {
  Hosts w;
  w.lose(1);
  w.become(2, HostStatus::unresponsive, kWords, 1);
  w.pass(1);
  EXPECT_EQ(w.bus.at(w.bus.rows.at("1"), "reason"), "lost: " + kWords);
  EXPECT_EQ(w.bus.at(w.bus.rows.at("2"), "reason"), "unresponsive: " + kWords);
  w.up(1);
  EXPECT_EQ(w.bus.at(w.bus.rows.at("1"), "phase"), "resolved");
  EXPECT_EQ(w.bus.at(w.bus.rows.at("2"), "phase"), "firing");
}

TEST(Incident, WhoFiredBeforeTheCorrectionJoinsAndItsOwnMessageIsTakenBack) {
  Hosts w;
  w.become(1, HostStatus::unresponsive, "agent or path");
  w.pass(1);
  w.become(2, HostStatus::unresponsive, "agent or path");
  w.pass(1);
  EXPECT_EQ(w.messages().size(), 2u);
  for (const std::uint32_t n : {1U, 2U, 3U}) w.become(n, HostStatus::unresponsive, kWords, 1);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2, host-3: " + kWords));
  EXPECT_EQ(units::unix_ms(w.records.outbox[0].not_before), 1'795'000'060'000) << "the hold of the first one";
  w.up(1), w.up(2), w.up(3);
  EXPECT_THAT(w.messages(), IsEmpty());
}

TEST(Incident, OfAThousandHostsTakesOneCommit) {
  Hosts w;
  const int before = w.records.commits;
  for (std::uint32_t n = 1; n <= 1'000; ++n) w.lose(n);
  w.pass(1);
  EXPECT_EQ(w.records.commits, before + 1);
  ASSERT_EQ(w.records.outbox.size(), 1u);
  EXPECT_EQ(w.last_notice().hosts.size(), 1'000u);
  EXPECT_EQ(w.records.kept.size(), 1'001u) << "every alert's state, and the incident's";
}

TEST(Incident, AKillBeforeTheyJoinLosesNobody) {
  Hosts w;
  w.lose(1), w.lose(2);
  w.start();
  w.become(1, HostStatus::lost, kWords), w.become(2, HostStatus::lost, kWords);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1: lost: " + kWords, "[firing] host-2: lost: " + kWords));
}

TEST(Incident, OneHostAloneHasAnIncidentOfItsOwn) {
  Hosts w;
  w.lose(1);
  w.lose(2, 2);
  w.pass(61);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1: lost: " + kWords, "[firing] host-2: lost: " + kWords));
}

TEST(Incident, ALateOneJoinsWhileItsMessageWaitsAndStaysAloneAfterwards) {
  Hosts w;
  w.lose(1), w.lose(2);
  w.pass(4);
  w.lose(3);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2, host-3: " + kWords));
  w.pass(60);
  w.lose(4);
  w.pass(1);
  EXPECT_EQ(w.messages().size(), 2u) << "nobody would hear of host-4 otherwise";
  EXPECT_EQ(w.messages()[1], "[firing] host-4: lost: " + kWords);
}

TEST(Incident, CorrectedWordsChangeTheMessageThatWaits) {
  Hosts w;
  w.lose(1), w.lose(2);
  w.pass(1);
  const std::string more = "path lost, 4 hosts: the proxy 10.0.0.5 or the network behind it";
  w.become(1, HostStatus::lost, more, 1), w.become(2, HostStatus::lost, more, 1);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2: " + more));
}

TEST(Incident, WhoIsBackWithinTheHoldIsNotNamedAndIfAllAreNobodyIsTold) {
  Hosts w;
  w.lose(1), w.lose(2), w.lose(3);
  w.pass(10);
  w.up(2);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-3: " + kWords));
  w.up(3);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1: " + kWords));
  w.up(1);
  w.pass(1);
  EXPECT_THAT(w.messages(), IsEmpty());
  EXPECT_EQ(w.told.count, 0);
  EXPECT_TRUE(w.quiet());
}

TEST(Incident, WhoIsAwayAgainAtTheEndIsNotCalledBack) {
  Hosts w;
  w.lose(1), w.lose(2), w.lose(3);
  w.pass(61);
  w.up(1);
  w.become(1, HostStatus::lost, "killed");
  w.pass(61);
  w.up(2), w.up(3);
  EXPECT_THAT(w.messages(), ElementsAre(::testing::_, "[firing] host-1: lost: killed",
                                        "[resolved] host-2, host-3: up again; was " + kWords));
  w.up(1);
  EXPECT_EQ(w.messages().back(), "[resolved] host-1: up again; was lost: killed");
  EXPECT_TRUE(w.quiet());
}

TEST(Incident, SurvivesARestartWithinItsHoldAndAfterIt) {
  Hosts w;
  w.lose(1), w.lose(2), w.lose(3);
  w.pass(10);
  w.start();
  for (const std::uint32_t n : {1U, 2U, 3U}) w.become(n, HostStatus::lost, kWords);
  w.up(3);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2: " + kWords));
  w.pass(60);
  EXPECT_EQ(w.told.count, 2);
  w.start();
  w.become(1, HostStatus::lost, kWords), w.become(2, HostStatus::lost, kWords);
  w.up(1);
  w.start();
  w.up(1);
  w.up(2);
  EXPECT_THAT(w.messages(), ElementsAre(::testing::_, "[resolved] host-1, host-2: up again; was " + kWords));
  w.become(3, HostStatus::lost, "killed");
  EXPECT_GT(w.last_notice().incident, w.records.outbox[0].notice.incident) << "no number is used twice";
}

TEST(Incident, EveryReceiverGetsOneAndWithoutAnyNobodyCountsAsTold) {
  Hosts w({"ops", "chat"});
  w.lose(1), w.lose(2);
  w.pass(61);
  EXPECT_EQ(w.records.outbox.size(), 2u);
  EXPECT_NE(w.records.outbox[0].message_id, w.records.outbox[1].message_id);
  w.up(1), w.up(2);
  EXPECT_EQ(w.records.outbox.size(), 4u);
  Hosts none(std::vector<std::string>{});
  none.lose(1), none.lose(2);
  none.pass(61);
  EXPECT_EQ(none.records.shown.at(1).incident, none.records.shown.at(2).incident);
  none.up(1), none.up(2);
  EXPECT_THAT(none.messages(), IsEmpty());
  EXPECT_EQ(none.told.count, 0);
  none.pass(1);
  EXPECT_TRUE(none.quiet());
}

TEST(Incident, ARevokedHostLeavesItLikeOneThatIsBack) {
  Hosts w;
  w.lose(1), w.lose(2);
  w.pass(61);
  w.up(1);
  domain::HostRecord record;
  record.number = domain::HostNumber{2};
  record.revoked = true;
  domain::HostState state;
  state.status = HostStatus::stopped;
  state.reason = "revoked";
  w.engine->on_host(record, state);
  EXPECT_THAT(w.messages(), ElementsAre(::testing::_, "[resolved] host-1, host-2: revoked; was " + kWords));
}

TEST(Incident, NothingIsSentTwiceWhileTheDiskFails) {
  Hosts w;
  std::set<std::uint64_t> withdrawn;
  w.engine->on_withdrawn([&](const auto& incidents) { withdrawn = incidents; });
  w.become(1, HostStatus::lost, "agent or path"), w.become(2, HostStatus::lost, "agent or path");
  ASSERT_EQ(w.records.outbox.size(), 2u);
  w.records.broken = true;
  w.lose(1), w.lose(2);
  w.pass(1);
  EXPECT_EQ(withdrawn, (std::set<std::uint64_t>{1, 2})) << "the store has their own messages still";
  w.records.broken = false;
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2: " + kWords));
  EXPECT_THAT(withdrawn, IsEmpty());
  w.records.broken = true;
  w.up(1), w.up(2);
  EXPECT_EQ(withdrawn, (std::set<std::uint64_t>{3})) << "the joint one is over within its hold";
  w.records.broken = false;
  w.pass(1);
  EXPECT_THAT(w.messages(), IsEmpty());
  EXPECT_TRUE(w.quiet());
}

TEST(Incident, OfThoseThatCameAndWentOnAFullDiskTheNewestIsKept) {
  Hosts w;
  w.records.broken = true;
  for (std::uint64_t loss = 1; loss <= 20; ++loss) {
    w.lose(1, loss), w.lose(2, loss);
    w.pass(61);
    w.up(1), w.up(2);
  }
  w.records.broken = false;
  w.pass(1);
  EXPECT_THAT(w.messages(),
              ElementsAre("[firing] host-1, host-2: " + kWords, "[resolved] host-1, host-2: up again; was " + kWords));
  EXPECT_TRUE(w.quiet());
}

TEST(Incident, WaitsForTheLastOneHoweverShortTheHoldIs) {
  Hosts w;
  Config config;
  config.receivers = {"ops"};
  config.hold = units::Milliseconds{0};
  w.engine = std::make_unique<Engine>(config, w.records, w.bus, w.told, w.clock);
  ASSERT_TRUE(w.engine->load());
  w.lose(1);
  w.pass(7);
  w.lose(2);
  w.pass(1);
  EXPECT_THAT(w.messages(), ElementsAre("[firing] host-1, host-2: " + kWords));
  EXPECT_EQ(w.records.outbox[0].not_before, w.clock.now() + std::chrono::seconds(1));
}

TEST(Incident, WhoseHoldEndsWhileTheyJoinKeepsOneMessage) {
  struct Ticking final : domain::Clock {
    mutable std::int64_t ms = 0, step = 0;
    units::Instant now() const override { return units::from_unix_ms(1'795'000'000'000 + (ms += step)); }
    units::Steady steady() const override { return {}; }
  } clock;
  for (std::int64_t before = 0; before < 60; ++before) {
    Hosts w;
    clock = {};
    Config config;
    config.receivers = {"ops"};
    w.engine = std::make_unique<Engine>(config, w.records, w.bus, w.told, clock);
    ASSERT_TRUE(w.engine->load());
    w.lose(1), w.lose(2);
    clock.ms = 60'000 - before;
    clock.step = 1;  // each look at the clock takes a millisecond
    w.engine->advance();
    std::set<std::string> named;
    for (const auto& delivery : w.records.outbox) {
      if (delivery.notice.hosts.empty()) named.insert(delivery.notice.host_name);
      for (const auto& host : delivery.notice.hosts) named.insert(host.name);
    }
    EXPECT_THAT(named, ElementsAre("host-1", "host-2")) << before;
  }
}

TEST(Incident, ComesBackAsItWasStoredAndANewerOneIsAnError) {
  Incident incident;
  incident.id = 9;
  incident.words = kWords;
  incident.since = units::from_unix_ms(1'795'000'000'000);
  incident.notifies_at = incident.since + std::chrono::seconds(60);
  incident.members = {{domain::HostNumber{7}, "ab", "web \"7\"", 4}};
  const auto again = decode_incident("/9", encode(incident));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->id, 9u);
  EXPECT_EQ(again->words, kWords);
  EXPECT_EQ(again->since, incident.since);
  EXPECT_EQ(again->notifies_at, incident.notifies_at);
  ASSERT_EQ(again->members.size(), 1u);
  EXPECT_EQ(again->members[0].name, "web \"7\"");
  EXPECT_EQ(again->members[0].alert, 4u);
  EXPECT_EQ(decode_incident("/9", R"({"v":2})").error().code, units::ErrorCode::version);
  EXPECT_EQ(decode_incident("/9", "{").error().code, units::ErrorCode::corrupt);
  EXPECT_TRUE(is_incident(state_key(9)));
  EXPECT_FALSE(is_incident("/x/9"));
  EXPECT_FALSE(is_incident("host-down/9"));
}

}  // namespace
}  // namespace vedette::alerts
