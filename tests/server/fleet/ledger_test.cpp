#include "server/fleet/ledger.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/logged.h"

namespace vedette::fleet {
namespace {

using namespace std::chrono_literals;
using domain::HostNumber;
using domain::Outage;
using units::Instant;

/// Clock, control thread and a disk that takes `cost` for each write.
struct Desk final : domain::Executor, domain::Clock, domain::HostRecords {
  units::Steady mono{1h};
  std::multimap<units::Steady, Task> timers;
  units::Milliseconds cost{0};
  bool full = false;
  std::vector<HostNumber> statuses;
  std::vector<Outage> kept;
  std::vector<std::uint64_t> happened;
  std::vector<HostNumber> told_of;  ///< hosts whose facts were kept

  void post(Task task) override { task(); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers.emplace(mono + delay, std::move(task));
    return 1;
  }
  void cancel(TimerId) override {}
  Instant now() const override { return {}; }
  units::Steady steady() const override { return mono; }
  void advance(units::Milliseconds span) {
    const auto until = mono + span;
    while (!timers.empty() && timers.begin()->first <= until) {
      auto node = timers.extract(timers.begin());
      mono = std::max(mono, node.key());
      node.mapped()();
    }
    mono = std::max(mono, until);
  }

  units::Result<void> write() {
    mono += cost;
    if (full) return units::fail(units::ErrorCode::io, "disk full");
    return {};
  }
  units::Result<void> save_statuses(std::span<const LastStatus> all) override {
    auto done = write();
    for (const auto& status : all) {
      if (done) statuses.push_back(status.host);
    }
    return done;
  }
  units::Result<std::vector<std::uint64_t>> save_outages(std::span<const Outage> all) override {
    if (auto done = write(); !done) return std::unexpected(done.error());
    std::vector<std::uint64_t> ids;
    for (const Outage& one : all) {
      kept.push_back(one);
      ids.push_back(one.id != 0 ? one.id : kept.size());
    }
    return ids;
  }
  units::Result<void> save_happenings(std::span<const domain::Happening> all) override {
    auto done = write();
    for (const auto& one : all) {
      if (done) happened.push_back(one.id);
    }
    return done;
  }
  units::Result<std::vector<domain::Happening>> happenings(HostNumber, Instant, Instant) override {
    return std::vector<domain::Happening>{};
  }
  units::Result<std::vector<domain::HostRecord>> hosts() override { return std::vector<domain::HostRecord>{}; }
  units::Result<std::optional<domain::HostRecord>> host(HostNumber) override { return std::nullopt; }
  units::Result<domain::HostRecord> enrol(const domain::Digest&, const units::HostId&, const std::string&,
                                          const domain::Digest&, Instant) override {
    return domain::HostRecord{};
  }
  units::Result<std::optional<domain::HostRecord>> host_by_key(const domain::Digest&) override { return std::nullopt; }
  units::Result<domain::HostRecord> revoke(const std::string&) override { return domain::HostRecord{}; }
  units::Result<void> remove(domain::HostNumber) override { return {}; }
  units::Result<void> save_facts(std::span<const Facts> all) override {
    auto done = write();
    for (const auto& one : all) {
      if (done) told_of.push_back(one.host);
    }
    return done;
  }
  units::Result<std::optional<domain::HostFacts>> facts(HostNumber) override { return std::nullopt; }
  units::Result<std::vector<LastStatus>> last_statuses() override { return std::vector<LastStatus>{}; }
  units::Result<std::vector<Outage>> outages(HostNumber, Instant, Instant) override { return kept; }
};

Outage outage(std::uint32_t host, int from = 0) {
  Outage one;
  one.host = HostNumber{host};
  one.from = Instant{} + from * 1s;
  return one;
}

const Ledger::Stored kIgnore = [](HostNumber, Instant, std::uint64_t) {};

TEST(Ledger, WritesSoonAndTellsTheId) {
  Desk desk;
  std::uint64_t told = 0;
  Ledger ledger(desk, desk, desk, [&](HostNumber, Instant, std::uint64_t id) { told = id; });
  ledger.outage(outage(1));
  ledger.status({HostNumber{1}, domain::HostStatus::lost, {}, ""});
  EXPECT_TRUE(desk.kept.empty()) << "not in the caller's turn";
  desk.advance(0ms);
  EXPECT_EQ(desk.kept.size(), 1u);
  EXPECT_EQ(desk.statuses.size(), 1u);
  EXPECT_EQ(told, 1u);
}

TEST(Ledger, AThousandHostsThatGoAtOnceLeaveTimeForOthers) {
  Desk desk;
  desk.cost = 5ms;
  std::map<HostNumber, std::uint64_t> ids;
  Ledger ledger(desk, desk, desk, [&](HostNumber host, Instant, std::uint64_t id) { ids[host] = id; });
  for (std::uint32_t host = 1; host <= 1'000; ++host) {
    ledger.status({HostNumber{host}, domain::HostStatus::lost, {}, ""});
    ledger.outage(outage(host));
  }
  desk.advance(0ms);
  EXPECT_EQ(desk.kept.size(), 4 * 64u) << "one bite";
  EXPECT_TRUE(desk.statuses.empty()) << "a kill between the two leaves an outage too many, never one too few";
  desk.advance(1s);
  EXPECT_EQ(desk.statuses.size(), 1'000u);
  EXPECT_EQ(desk.kept.size(), 1'000u);
  ASSERT_EQ(ids.size(), 1'000u);
  for (const auto& [host, id] : ids) EXPECT_EQ(desk.kept[id - 1].host, host);
}

TEST(Ledger, ARestlessHostDoesNotKeepOthersWaiting) {
  Desk desk;
  desk.cost = 20ms;  // a bite is one transaction
  Ledger ledger(desk, desk, desk, kIgnore, {.rows = 2});
  for (std::uint32_t host = 1; host <= 4; ++host) ledger.outage(outage(host));
  for (int round = 0; round < 2; ++round) {
    desk.advance(20ms);
    ledger.outage(outage(1));
    ledger.outage(outage(2));
  }
  std::vector<HostNumber> hosts;
  for (const auto& one : desk.kept) hosts.push_back(one.host);
  EXPECT_EQ(hosts, (std::vector{HostNumber{1}, HostNumber{2}, HostNumber{3}, HostNumber{4}}));
}

TEST(Ledger, AtTheEndHundredsOfHostsJustLostAreWritten) {
  Desk desk;
  desk.cost = 20ms;
  {
    Ledger ledger(desk, desk, desk, kIgnore);
    for (std::uint32_t host = 1; host <= 500; ++host) {
      ledger.status({HostNumber{host}, domain::HostStatus::lost, {}, ""});
      ledger.outage(outage(host));
    }
  }
  EXPECT_EQ(desk.kept.size(), 500u);
  EXPECT_EQ(desk.statuses.size(), 500u);
}

TEST(Ledger, ASlowDiskDoesNotHoldUpTheEnd) {
  Desk desk;
  desk.cost = 300ms;
  const auto began = desk.steady();
  const tests::Logged log;
  {
    Ledger ledger(desk, desk, desk, kIgnore);
    for (std::uint32_t host = 1; host <= 500; ++host) ledger.outage(outage(host));
  }
  EXPECT_LE(desk.steady() - began, 1'200ms) << "a second, and the write that went on then";
  EXPECT_EQ(desk.kept.size(), 4 * 64u);
  EXPECT_EQ(log.count("outages=244"), 1u) << log.text();
}

TEST(Ledger, WhatComesSoonAfterSharesATransaction) {
  Desk desk;
  desk.cost = 2ms;
  Ledger ledger(desk, desk, desk, kIgnore);
  std::size_t writes = 0;
  for (std::uint32_t host = 1; host <= 100; ++host) {
    const auto before = desk.statuses.size();
    ledger.status({HostNumber{host}, domain::HostStatus::up, {}, ""});
    desk.advance(1ms);
    writes += desk.statuses.size() != before ? 1 : 0;
  }
  EXPECT_LE(writes, 6u);
  desk.advance(20ms);
  EXPECT_EQ(desk.statuses.size(), 100u);
}

TEST(Ledger, ANewerEntryReplacesOneThatWaits) {
  Desk desk;
  Ledger ledger(desk, desk, desk, kIgnore);
  ledger.outage(outage(1));
  auto ended = outage(1);
  ended.to = Instant{} + 9s;
  ledger.outage(ended);
  desk.advance(1s);
  ASSERT_EQ(desk.kept.size(), 1u);
  EXPECT_TRUE(desk.kept[0].to);
}

TEST(Ledger, FactsOfHostsThatAllComeAtOnceAreWrittenInBitesToo) {
  Desk desk;
  desk.cost = 10ms;
  Ledger ledger(desk, desk, desk, kIgnore);
  for (std::uint32_t host = 1; host <= 300; ++host) ledger.facts(HostNumber{host}, {});
  ledger.outage(outage(1));
  desk.advance(0ms);
  EXPECT_EQ(desk.kept.size(), 1u) << "what nobody tells again goes first";
  EXPECT_EQ(desk.told_of.size(), 64u) << "one transaction, and the bite is over";
  desk.advance(10s);
  EXPECT_EQ(desk.told_of.size(), 300u);
}

TEST(Ledger, WhatTheDiskRefusedIsWrittenLater) {
  Desk desk;
  desk.full = true;
  Ledger ledger(desk, desk, desk, kIgnore);
  ledger.outage(outage(1));
  desk.advance(20s);
  EXPECT_EQ(ledger.waiting(), 1u);
  desk.full = false;
  desk.advance(5s);
  EXPECT_EQ(desk.kept.size(), 1u);
}

TEST(Ledger, TellsOfAHappeningOnceItIsStored) {
  Desk desk;
  Ledger ledger(desk, desk, desk, kIgnore, {.most_happenings = 2});
  std::vector<std::uint64_t> noted;
  ledger.on_noted([&](const domain::Happening& one) { noted.push_back(one.id); });
  desk.full = true;
  for (std::uint64_t id = 1; id <= 3; ++id) ledger.happening({.host = HostNumber{1}, .id = id, .kind = {}, .text = {}});
  desk.advance(1s);
  EXPECT_TRUE(noted.empty());
  desk.full = false;
  desk.advance(5s);
  EXPECT_EQ(desk.happened, (std::vector<std::uint64_t>{1, 2})) << "the third found no room: its agent tells it again";
  EXPECT_EQ(noted, desk.happened);
}

TEST(Ledger, IsBoundedAndCountsWhatIsLost) {
  Desk desk;
  desk.full = true;
  Ledger ledger(desk, desk, desk, kIgnore, {.most_outages = 3});
  for (int from = 0; from < 5; ++from) ledger.outage(outage(1, from));
  EXPECT_EQ(ledger.waiting(), 3u);
  EXPECT_EQ(ledger.lost(), 2u);
  desk.full = false;
  ledger.outage(outage(1, 5));
  EXPECT_EQ(ledger.waiting(), 1u) << "the others were written to make room";
  EXPECT_EQ(desk.kept.size(), 3u);
  EXPECT_EQ(ledger.lost(), 2u);
}

}  // namespace
}  // namespace vedette::fleet
