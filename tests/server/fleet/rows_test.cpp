#include "server/fleet/rows.h"

#include <gtest/gtest.h>

#include "schema/metrics/catalogue.h"

namespace vedette::fleet {
namespace {

using namespace std::chrono_literals;
using metrics::series_of;
using Value = domain::FleetObserver::Value;

const units::Instant kAt = units::from_unix_ms(1'795'425'204'083);

domain::HostView view() {
  domain::HostView host;
  host.record.id = *units::parse_host_id("000102030405060708090a0b0c0d0e0f");
  host.record.name = "web \"1\"";
  host.state.since = kAt;
  return host;
}

TEST(FleetRow, IsInTheOrderOfItsHeader) {
  EXPECT_EQ(fleet_header(),
            R"(["id","name","tags","status","since","reason","last_tick","rtt","skew","cpu","memory","load","cores",)"
            R"("disk","disk_mount","received","sent","notifies_at","happened"])");
  auto host = view();
  host.record.tags = {"prod", "eu"};
  host.state.status = domain::HostStatus::lost;
  host.state.reason = "gone";
  host.state.last_tick = kAt - 1s;
  host.state.rtt = 2'500us;
  host.state.skew = -40ms;
  host.facts.emplace().cores = 4;
  const metrics::Series series[] = {series_of("system.cpu.utilization"), series_of("system.cpu.load_average.1m"),
                                    series_of("system.linux.memory.available"), series_of("system.memory.limit")};
  const Value values[] = {{&series[0], 0.25}, {&series[1], 1.5}, {&series[2], 30}, {&series[3], 120}};
  EXPECT_EQ(fleet_row(host, values, kAt + 60s, kAt - 5s),
            R"(["000102030405060708090a0b0c0d0e0f","web \"1\"",["prod","eu"],"lost",1795425204.083,"gone",)"
            R"(1795425203.083,0.0025,-0.04,0.25,0.75,1.5,4,null,"",null,null,1795425264.083,1795425199.083])");
}

TEST(FleetRow, WhatAHostDoesNotTellIsNull) {
  EXPECT_EQ(fleet_row(view(), {}, {}, {}),
            R"(["000102030405060708090a0b0c0d0e0f","web \"1\"",[],"new",1795425204.083,"",null,null,null,null,null,)"
            R"(null,null,null,"",null,null,null,null])");
}

TEST(FleetRow, ShowsTheFullestFileSystemAndRealInterfaces) {
  const auto space = [](const char* mount, const char* state) {
    return series_of("system.filesystem.usage", {{"mountpoint", mount}, {"state", state}});
  };
  const auto traffic = [](const char* interface, const char* direction) {
    return series_of("system.network.io", {{"direction", direction}, {"interface", interface}});
  };
  const metrics::Series series[] = {
      space("/", "used"),          space("/", "free"),         space("/var", "used"),
      space("/var", "free"),       traffic("eth0", "receive"), traffic("eth1", "receive"),
      traffic("eth0", "transmit"), traffic("lo", "receive"),   traffic("docker0", "receive")};
  const double numbers[] = {50, 50, 90, 10, 100, 20, 7, 5'000, 6'000};
  std::vector<Value> values;
  for (std::size_t i = 0; i < std::size(series); ++i) values.push_back({&series[i], numbers[i]});
  const Summary s = summarize(values);
  EXPECT_EQ(s.disk, 0.9);
  EXPECT_EQ(s.disk_mount, "/var");
  EXPECT_EQ(s.received, 120);
  EXPECT_EQ(s.sent, 7);
  EXPECT_FALSE(s.cpu);
}

TEST(HostRow, HasOneEntryASeriesAndNullWhereThereIsNoValue) {
  const std::vector<metrics::Series> shown{series_of("system.memory.limit"),
                                           series_of("system.disk.io", {{"device", "sda"}, {"direction", "read"}}),
                                           series_of("system.cpu.load_average.1m")};
  EXPECT_EQ(host_topic(view().record.id), "host/000102030405060708090a0b0c0d0e0f");
  EXPECT_EQ(host_header(shown),
            R"(["t","system.memory.limit","system.disk.io{device=sda,direction=read}","system.cpu.load_average.1m"])");
  const Value values[] = {{&shown[0], 8}, {&shown[2], 0.5}};
  EXPECT_EQ(host_row(kAt, shown, values), "[1795425204.083,8,null,0.5]");
}

}  // namespace
}  // namespace vedette::fleet
