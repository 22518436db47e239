#include "server/api/traffic_route.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using namespace std::chrono_literals;
using std::chrono::day;
using testing::HasSubstr;

const std::string kPath = "/api/v1/hosts/" + std::string(kWebId) + "/traffic";

units::Instant utc(int year, unsigned month, unsigned on) {
  return std::chrono::sys_days{std::chrono::year(year) / month / on};
}

// The bench's clock says 2026-11-23, its months begin on the 15th.
domain::CounterIncreases io(const std::string& interface, const std::string& direction,
                            std::optional<std::uint64_t> october, std::optional<std::uint64_t> november) {
  domain::CounterIncreases one{
      {"system.network.io", {{"direction", direction}, {"interface", interface}}}, "By", {{}, {}}};
  if (october) one.stretches[0] = {utc(2026, 10, 20), *october};
  if (november) one.stretches[1] = {utc(2026, 11, 15), *november};
  return one;
}

TEST(TrafficRoute, AnswersMonthsNewestLastWithTheInterfacesHeardOfInThem) {
  ApiBench bench;
  bench.history.counters =
      std::vector{io("wlan0", "receive", 7, std::nullopt), io("eth0", "receive", 1, 3),
                  io("eth0", "transmit", 2, 18'000'000'000'000'000'001ULL), io("wlan0", "transmit", 8, std::nullopt)};
  EXPECT_EQ(bench.ask(kPath, {{"months", "2"}}).body,
            R"({"first_day":15,"months":[)"
            R"({"from":1792022400.000,"to":1794700800.000,"complete":true,"interfaces":[)"
            R"({"name":"eth0","since":1792454400.000,"receive":1,"transmit":2},)"
            R"({"name":"wlan0","since":1792454400.000,"receive":7,"transmit":8}]},)"
            R"({"from":1794700800.000,"to":1797292800.000,"complete":false,"interfaces":[)"
            R"({"name":"eth0","since":1794700800.000,"receive":3,"transmit":18000000000000000001}]}]})");
  const auto& asked = bench.history.asked_increases;
  EXPECT_EQ(asked.host, domain::HostNumber{7});
  EXPECT_EQ(asked.borders, (std::vector{utc(2026, 10, 15), utc(2026, 11, 15), utc(2026, 12, 15)}));
  ASSERT_EQ(asked.series.size(), 1U);
  EXPECT_TRUE(asked.series.front().matches(io("eth0", "receive", {}, {}).key));
  EXPECT_FALSE(asked.series.front().matches({"system.network.io", {}}));
  EXPECT_FALSE(asked.series.front().matches({"system.network.packets", io("eth0", "receive", {}, {}).key.attributes}));
}

TEST(TrafficRoute, AnswersAYearUnlessToldOtherwise) {
  ApiBench bench;
  bench.history.counters = std::vector<domain::CounterIncreases>{};
  const auto months = nlohmann::json::parse(bench.ask(kPath).body)["months"];
  EXPECT_EQ(months.size(), 12U);
  EXPECT_EQ(months[0]["interfaces"], nlohmann::json::array());
  EXPECT_EQ(bench.history.asked_increases.borders.front(), utc(2025, 12, 15));
}

TEST(TrafficRoute, NamesWhatIsWrong) {
  ApiBench bench;
  bench.history.counters = std::vector<domain::CounterIncreases>{};
  for (const char* months : {"0", "25", "-1", "1.5", "two", "", "1 "}) {
    EXPECT_EQ(bench.detail(kPath, {{"months", months}}, 400),
              "months=" + std::string(months) + " is not a whole number from 1 to 24.");
  }
  EXPECT_EQ(bench.ask(kPath, {{"months", "24"}}).status, 200);
  EXPECT_THAT(bench.detail("/api/v1/hosts/" + std::string(kNobodysId) + "/traffic", {}, 404), HasSubstr("no host"));
  EXPECT_EQ(bench.ask(kPath, {}, false).status, 401);
  bench.history.counters = units::fail(units::ErrorCode::timeout, "reading history took over 10 s");
  EXPECT_EQ(bench.detail(kPath, {}, 503), "reading history took over 10 s");
}

TEST(TrafficRoute, MonthsBeginOnTheirFirstDayInUtc) {
  const auto borders = [](unsigned first, units::Instant now) { return month_borders(day(first), 2, now); };
  EXPECT_EQ(borders(1, utc(2026, 11, 23)), (std::vector{utc(2026, 10, 1), utc(2026, 11, 1), utc(2026, 12, 1)}));
  EXPECT_EQ(borders(1, utc(2027, 1, 1) - 1ms), (std::vector{utc(2026, 11, 1), utc(2026, 12, 1), utc(2027, 1, 1)}));
  EXPECT_EQ(borders(1, utc(2027, 1, 1)), (std::vector{utc(2026, 12, 1), utc(2027, 1, 1), utc(2027, 2, 1)}));
  EXPECT_EQ(borders(28, utc(2027, 3, 1)), (std::vector{utc(2027, 1, 28), utc(2027, 2, 28), utc(2027, 3, 28)}));
  EXPECT_EQ(borders(15, utc(2026, 11, 15) - 1ms),
            (std::vector{utc(2026, 9, 15), utc(2026, 10, 15), utc(2026, 11, 15)}));
  EXPECT_EQ(borders(15, utc(2026, 11, 15)), (std::vector{utc(2026, 10, 15), utc(2026, 11, 15), utc(2026, 12, 15)}));
}

}  // namespace
}  // namespace vedette::api
