#include "server/api/processes_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kPath = "/api/v1/hosts/" + std::string(kWebId) + "/processes";

std::vector<domain::ProcessList> two_lists() {
  return {{.at = units::from_unix_ms(60'500),
           .span = 59'750ms,
           .count = 212,
           .top = {{.pid = 812,
                    .name = "post\"gres",
                    .cpu_permille = 1'250,
                    .memory_kib = 2'000'000,
                    .arguments = "-D /x",
                    .read_bytes = 10,
                    .written_bytes = 20},
                   {.pid = 1, .name = "systemd", .memory_kib = 3}}},
          {.at = units::from_unix_ms(120'500), .span = 60s, .count = 213, .top = {}}};
}

TEST(ProcessesRoute, ListsThoseOfTheRangeInBaseUnits) {
  ApiBench bench;
  bench.processes.kept = two_lists();
  EXPECT_EQ(
      bench.ask(kPath, {{"from", "1"}, {"to", "130.5"}}).body,
      R"({"processes":[{"at":60.500,"span":59.75,"count":212,"top":[)"
      R"({"pid":812,"name":"post\"gres","cpu":1.25,"memory":2048000000,"arguments":"-D /x","read":10,"written":20},)"
      R"({"pid":1,"name":"systemd","cpu":0,"memory":3072,"read":0,"written":0}]},)"
      R"({"at":120.500,"span":60,"count":213,"top":[]}]})");
  EXPECT_EQ(bench.processes.asked.host, domain::HostNumber{7});
  EXPECT_EQ(bench.processes.asked.from, units::from_unix_ms(1'000));
  EXPECT_EQ(bench.processes.asked.to, units::from_unix_ms(130'500));
}

TEST(ProcessesRoute, AsksForTheLastHourUnlessTold) {
  ApiBench bench;
  EXPECT_EQ(bench.ask(kPath).body, R"({"processes":[]})");
  EXPECT_EQ(bench.processes.asked.to, bench.clock.now());
  EXPECT_EQ(bench.processes.asked.from, bench.clock.now() - 1h);
}

TEST(ProcessesRoute, FindsTheListOfATimeOrNone) {
  ApiBench bench;
  EXPECT_EQ(bench.ask(kPath, {{"at", "100"}}).body, R"({"processes":[]})");
  bench.processes.kept = two_lists();
  const auto lists = nlohmann::json::parse(bench.ask(kPath, {{"at", "100.25"}}).body)["processes"];
  ASSERT_EQ(lists.size(), 1u);
  EXPECT_EQ(lists[0]["at"], 60.5);
  EXPECT_EQ(bench.processes.asked.from, units::from_unix_ms(100'250));
  EXPECT_EQ(bench.processes.asked.within, 90s);
}

TEST(ProcessesRoute, RefusesBadTimesAndBothWaysAtOnce) {
  ApiBench bench;
  EXPECT_THAT(bench.detail(kPath, {{"at", "noon"}}, 400), HasSubstr("at=noon"));
  EXPECT_THAT(bench.detail(kPath, {{"from", "x"}}, 400), HasSubstr("from=x"));
  EXPECT_THAT(bench.detail(kPath, {{"from", "20"}, {"to", "10"}}, 400), HasSubstr("before"));
  EXPECT_THAT(bench.detail(kPath, {{"at", "20"}, {"to", "30"}}, 400), HasSubstr("either"));
}

TEST(ProcessesRoute, TellsADiskThatFails) {
  ApiBench bench;
  bench.processes.kept = units::fail(units::ErrorCode::io, "top-20261123.db: disk I/O error");
  for (const Query& query : {Query{}, Query{{"at", "100"}}}) {
    EXPECT_THAT(bench.detail(kPath, query, 500), HasSubstr("failed to answer"));
  }
}

}  // namespace
}  // namespace vedette::api
