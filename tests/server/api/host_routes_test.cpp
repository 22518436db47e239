#include "server/api/host_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

const std::string kWeb = "/api/v1/hosts/" + std::string(kWebId);

TEST(HostRoutes, ListHostsByNameWithoutRevokedOnes) {
  ApiBench bench;
  auto other = ApiBench::web();
  other.record.name = "db";
  other.state.status = domain::HostStatus::fresh;
  auto revoked = ApiBench::web();
  revoked.record.name = "old";
  revoked.record.revoked = true;
  bench.directory.all.push_back(other);
  bench.directory.all.push_back(revoked);
  const auto answer = bench.ask("/api/v1/hosts");
  EXPECT_EQ(answer.status, 200);
  const auto hosts = nlohmann::json::parse(answer.body)["hosts"];
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0]["name"], "db");
  EXPECT_EQ(hosts[0]["status"], "new");
  EXPECT_EQ(hosts[1]["name"], "web");
}

TEST(HostRoutes, WriteTimesWithExactlyThreeDecimalsAndSpansInSeconds) {
  ApiBench bench;
  bench.directory.all[0].state.last_tick = units::from_unix_ms(1'795'425'204'000);
  bench.directory.all[0].state.rtt = 1'234us;
  bench.directory.all[0].state.skew = -40ms;
  bench.directory.all[0].state.reason = "say \"no\"";
  EXPECT_EQ(bench.ask("/api/v1/hosts").body,
            R"({"hosts":[{"id":"00112233445566778899aabbccddeeff","name":"web","status":"up",)"
            R"("since":1795425000.500,"reason":"say \"no\"","tags":["prod","eu"],"last_tick":1795425204.000,)"
            R"("rtt":0.001234,"skew":-0.04}]})");
}

TEST(HostRoutes, ShowUnknownThingsAsNull) {
  ApiBench bench;
  const auto host = nlohmann::json::parse(bench.ask(kWeb).body);
  for (const char* key : {"last_tick", "rtt", "skew", "facts"}) EXPECT_TRUE(host.at(key).is_null()) << key;
}

TEST(HostRoutes, ShowAHostWithItsFacts) {
  ApiBench bench;
  domain::HostFacts facts;
  facts.hostname = "web.example";
  facts.cores = 4;
  facts.memory_bytes = 8'589'934'592;
  facts.boot_time = units::from_unix_ms(1'795'000'000'001);
  bench.directory.all[0].facts = facts;
  const auto answer = bench.ask(kWeb);
  EXPECT_THAT(answer.body, HasSubstr(R"("cores":4,"memory":8589934592,"boot_time":1795000000.001,)"));
  EXPECT_EQ(nlohmann::json::parse(answer.body)["facts"]["hostname"], "web.example");
}

TEST(HostRoutes, TellAnUnknownHostFromABadId) {
  ApiBench bench;
  for (const std::string rest : {"", "/series", "/outages", "/happenings", "/processes"}) {
    EXPECT_THAT(bench.detail("/api/v1/hosts/" + std::string(kNobodysId) + rest, {}, 404), HasSubstr(kNobodysId));
    EXPECT_THAT(bench.detail("/api/v1/hosts/web" + rest, {}, 400), HasSubstr("host=web"));
  }
}

TEST(HostRoutes, ListStoredSeriesByNameAndAttributes) {
  ApiBench bench;
  const auto stored = [](std::string name, std::vector<metrics::Attribute> attributes, metrics::Kind kind) {
    return domain::StoredSeries{{}, {{std::move(name), std::move(attributes)}, "By", kind, {}}};
  };
  bench.history.stored = {stored("b", {{"device", "sd\"a"}}, metrics::Kind::counter),
                          stored("a", {}, metrics::Kind::gauge)};
  EXPECT_EQ(bench.ask(kWeb + "/series").body,
            R"({"series":[{"name":"a","attributes":{},"unit":"By","kind":"gauge"},)"
            R"({"name":"b","attributes":{"device":"sd\"a"},"unit":"By","kind":"counter"}]})");
}

TEST(HostRoutes, ListOutagesOldestFirst) {
  ApiBench bench;
  domain::Outage late{2,
                      domain::HostNumber{7},
                      units::from_unix_ms(2'000),
                      std::nullopt,
                      domain::HostStatus::lost,
                      "connection ended",
                      "",
                      true};
  domain::Outage early = late;
  early.from = units::from_unix_ms(1'000);
  early.to = units::from_unix_ms(1'500);
  early.correction = "host was up";
  early.notified = false;
  bench.records.kept = {late, early};
  EXPECT_EQ(bench.ask(kWeb + "/outages", {{"from", "0"}, {"to", "10.5"}}).body,
            R"({"outages":[{"from":1.000,"to":1.500,"status":"lost","reason":"connection ended",)"
            R"("correction":"host was up","notified":false},{"from":2.000,"to":null,"status":"lost",)"
            R"("reason":"connection ended","correction":"","notified":true}]})");
  EXPECT_EQ(bench.records.asked.host, domain::HostNumber{7});
  EXPECT_EQ(bench.records.asked.to, units::from_unix_ms(10'500));
}

TEST(HostRoutes, ListHappeningsOfTheRange) {
  ApiBench bench;
  bench.records.happened = {{.host = domain::HostNumber{7},
                             .id = 3,
                             .at = units::from_unix_ms(2'500),
                             .kind = "oom_kill",
                             .text = "killed \"db\"",
                             .count = 1}};
  EXPECT_EQ(bench.ask(kWeb + "/happenings", {{"from", "1"}, {"to", "3"}}).body,
            R"({"happenings":[{"at":2.500,"kind":"oom_kill","text":"killed \"db\"","count":1}]})");
  EXPECT_EQ(bench.records.asked.host, domain::HostNumber{7});
  EXPECT_EQ(bench.records.asked.from, units::from_unix_ms(1'000));
  EXPECT_THAT(bench.detail(kWeb + "/happenings", {{"from", "20"}, {"to", "10"}}, 400), HasSubstr("before"));
}

TEST(HostRoutes, AskForOutagesOfTheLastDayUnlessTold) {
  ApiBench bench;
  bench.ask(kWeb + "/outages");
  EXPECT_EQ(bench.records.asked.to, bench.clock.now());
  EXPECT_EQ(bench.records.asked.from, bench.clock.now() - 24h);
}

TEST(HostRoutes, RefuseBadTimesOfOutages) {
  ApiBench bench;
  EXPECT_THAT(bench.detail(kWeb + "/outages", {{"from", "yesterday"}}, 400), HasSubstr("from=yesterday"));
  EXPECT_THAT(bench.detail(kWeb + "/outages", {{"from", "20"}, {"to", "10"}}, 400), HasSubstr("before"));
}

TEST(HostRoutes, AnswerNobodyWithoutALogin) {
  ApiBench bench;
  for (const std::string path : {"/api/v1/hosts", "/api/v1/history"}) EXPECT_EQ(bench.ask(path, {}, false).status, 401);
  for (const std::string rest : {"", "/series", "/outages", "/happenings", "/processes"})
    EXPECT_EQ(bench.ask(kWeb + rest, {}, false).status, 401);
}

}  // namespace
}  // namespace vedette::api
