// What hosts are called that lost one path together.
#include <gtest/gtest.h>

#include "tests/server/fleet/world.h"

namespace vedette::fleet {
namespace {

using domain::HostNumber;
using domain::HostStatus;
using domain::NetworkPath;
namespace seen = domain::seen;

const NetworkPath kProxy{"10.0.0.5", ""}, kNetwork{"", "192.0.2.0/24"}, kElsewhere{"", "198.51.100.0/24"}, kHere{};
constexpr std::string_view kThree = "path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it";

/// Hosts 1, 2, 3 … and how they are.
struct Fleetful : World {
  explicit Fleetful(std::size_t count) {
    records.records.clear();
    for (std::size_t n = 1; n <= count; ++n) {
      domain::HostRecord record;
      record.number = HostNumber{static_cast<std::uint32_t>(n)};
      record.id.bytes[0] = static_cast<std::uint8_t>(n);
      record.name = "host-" + std::to_string(n);
      records.records.push_back(record);
    }
    start();
    stage.advance(60s);  // the start's grace is over
  }
  void see(std::uint32_t host, const domain::Sighting& sighting) {
    fleet->on_sighting(HostNumber{host}, stage.wall, sighting);
    stage.advance(0ms);
  }
  void connect(std::uint32_t host, const NetworkPath& path) {
    seen::Welcomed welcomed;
    welcomed.path = path;
    see(host, welcomed);
  }
  void end(std::uint32_t host, bool proxied = true) { see(host, seen::EndedWithoutClose{"FIN", proxied}); }
  void silent(std::uint32_t host, bool proxied = true) { see(host, seen::Silent{false, proxied}); }
  [[nodiscard]] domain::HostState of(std::uint32_t host) const { return fleet->directory().hosts().at(host - 1).state; }
  [[nodiscard]] std::string words(std::uint32_t host) const { return of(host).reason; }
  [[nodiscard]] domain::Outage outage(std::uint32_t host) const {
    for (const auto& [id, saved] : records.saved) {
      if (saved.host == HostNumber{host}) return saved;
    }
    ADD_FAILURE() << "no outage of " << host;
    return {};
  }
};

TEST(LostPaths, AllEndsThroughOneProxyReadPathLostAndNeverAgentKilled) {
  Fleetful w(3);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kProxy);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    w.end(n);
    w.stage.advance(500ms);
  }
  w.stage.advance(700ms);
  EXPECT_EQ(w.of(1).status, HostStatus::lost) << "two seconds after its own end";
  EXPECT_EQ(w.words(1), kThree);
  EXPECT_EQ(w.of(3).status, HostStatus::up);
  w.stage.advance(2s);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(w.of(n).status, HostStatus::lost);
    EXPECT_EQ(w.words(n), kThree);
    EXPECT_NE(w.of(n).path_loss, 0u);
    EXPECT_EQ(w.of(n).path_loss, w.of(1).path_loss);
  }
}

TEST(LostPaths, WhoFellFirstIsCorrectedByTheLastAndStaysDownSinceThen) {
  Fleetful w(3);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kProxy);
  w.silent(1);
  const auto since = w.of(1).since;
  EXPECT_EQ(w.words(1), "agent or path");
  w.stage.advance(1s);
  w.silent(2);
  w.stage.advance(1s);
  w.silent(3);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(w.of(n).status, HostStatus::unresponsive) << "the status stays what was seen";
    EXPECT_EQ(w.words(n), kThree);
  }
  EXPECT_EQ(w.of(1).since, since);
  w.stage.advance(1s);
  EXPECT_EQ(w.outage(1).reason, kThree);
}

TEST(LostPaths, EachComesBackByItselfAndTheOutageKeepsTheWords) {
  Fleetful w(3);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kProxy);
  for (std::uint32_t n = 1; n <= 3; ++n) w.end(n);
  w.stage.advance(30s);
  w.history.is_covered = true;
  w.connect(2, kProxy);
  w.see(2, seen::BackfillDone{});
  w.stage.advance(1s);
  EXPECT_EQ(w.of(2).status, HostStatus::up);
  EXPECT_EQ(w.of(2).path_loss, 0u);
  EXPECT_EQ(w.words(1), kThree);
  EXPECT_EQ(w.outage(2).reason, kThree);
  EXPECT_TRUE(w.outage(2).correction.starts_with("host was up; network cut ")) << w.outage(2).correction;
  w.stage.advance(10s);
  w.end(2);
  w.stage.advance(3s);
  EXPECT_EQ(w.words(2), "connection ended without goodbye: agent or path") << "this time alone";
}

TEST(LostPaths, ASingleAgentBehindAProxyIsNoLostPath) {
  Fleetful w(3);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kProxy);
  w.end(2);
  w.stage.advance(10s);
  EXPECT_EQ(w.words(2), "connection ended without goodbye: agent or path");
  EXPECT_EQ(w.of(2).path_loss, 0u);
  EXPECT_EQ(w.of(1).status, HostStatus::up);
}

TEST(LostPaths, GoodbyesAreNotCounted) {
  Fleetful w(3);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kProxy);
  w.see(1, seen::GoodBye{"rebooting"});
  w.end(2);
  w.end(3);
  w.stage.advance(3s);
  EXPECT_EQ(w.words(1), "rebooting");
  EXPECT_EQ(w.words(2), "path lost, 2 hosts: the proxy 10.0.0.5 or the network behind it");
}

TEST(LostPaths, BackWithinTwoSecondsIsNoOutageForWhoeverIs) {
  Fleetful w(2);
  w.connect(1, kProxy);
  w.connect(2, kProxy);
  w.end(1);
  w.end(2);
  w.stage.advance(1s);
  w.connect(1, kProxy);
  w.stage.advance(5s);
  EXPECT_EQ(w.of(1).status, HostStatus::up);
  EXPECT_EQ(w.words(2), "path lost, 2 hosts: the proxy 10.0.0.5 or the network behind it");
  EXPECT_EQ(w.records.saved.size(), 1u);
}

TEST(LostPaths, ANetworkIsLostWhileAnotherIsHeard) {
  Fleetful w(4);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kNetwork);
  w.connect(4, kElsewhere);
  w.stage.advance(10s);
  w.see(4, seen::RoundTrip{});
  for (std::uint32_t n = 1; n <= 3; ++n) w.silent(n, false);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    EXPECT_EQ(w.words(n), "path lost, 3 hosts: the network 192.0.2.0/24 or the way to it");
  }
}

TEST(LostPaths, WhenNothingElseIsHeardItMayBeOurOwnNetwork) {
  Fleetful w(5);
  for (std::uint32_t n = 1; n <= 3; ++n) w.connect(n, kNetwork);
  w.connect(4, kElsewhere);
  w.connect(5, kHere);
  w.stage.advance(10s);
  w.see(5, seen::RoundTrip{});
  for (std::uint32_t n = 1; n <= 3; ++n) w.silent(n, false);
  EXPECT_EQ(w.words(1), "host off, frozen, or network cut") << "host 4 is about to be called silent too";
  w.silent(4, false);
  EXPECT_EQ(w.words(3), "host off, frozen, or network cut");
}

TEST(LostPaths, InOurOwnTroubleVerdictsWaitAndThenSayPathLost) {
  Fleetful w(2);
  w.connect(1, kProxy);
  w.connect(2, kProxy);
  w.stage.advance(60s);
  w.fleet->on_own_trouble(w.stage.wall, "test");
  w.end(1);
  w.end(2);
  w.stage.advance(10s);
  EXPECT_EQ(w.of(1).status, HostStatus::unknown);
  w.stage.advance(40s);
  EXPECT_EQ(w.words(1), "path lost, 2 hosts: the proxy 10.0.0.5 or the network behind it");
  EXPECT_EQ(w.words(2), w.words(1));
}

}  // namespace
}  // namespace vedette::fleet
