#include "server/api/over_hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace vedette::api {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::int64_t kFrom = 1'795'425'000'000;
const units::Milliseconds kStep{60'000};

units::Instant at(std::int64_t step) {
  return units::from_unix_ms(kFrom + step * 60'000);
}

// Steps and their averages; maxima are twice these.
domain::HistoryAnswer answer(const std::string& name, const std::vector<std::pair<std::int64_t, double>>& points,
                             const std::string& unit = "1") {
  domain::HistoryColumns columns;
  columns.series = {{name, {}}, unit, metrics::Kind::gauge, {}};
  for (const auto& [step, value] : points) {
    columns.t.push_back(at(step));
    columns.average.push_back(value);
    columns.maximum.push_back(2 * value);
  }
  return {"1m", kStep, {columns}};
}

std::vector<OverHosts::Line> over(Over how, const std::vector<domain::HistoryAnswer>& answers) {
  OverHosts hosts(how, at(0), at(3), kStep);
  for (const auto& one : answers) EXPECT_TRUE(hosts.add("", one));
  return std::move(hosts).finish();
}

TEST(OverHosts, MakeOneLineOfAll) {
  const std::vector all{answer("load", {{0, 1}, {1, 2}}), answer("load", {{1, 5}, {3, 7}}), answer("load", {{1, 2}})};
  const auto sum = over(Over::sum, all);
  ASSERT_EQ(sum.size(), 1U);
  EXPECT_THAT(sum[0].columns.t, ElementsAre(at(0), at(1), at(3)));
  EXPECT_THAT(sum[0].columns.average, ElementsAre(1, 9, 7));
  EXPECT_THAT(sum[0].columns.maximum, ElementsAre(2, 18, 14));
  EXPECT_THAT(sum[0].columns.minimum, IsEmpty()) << "not asked for";
  EXPECT_THAT(sum[0].hosts, ElementsAre(1, 3, 1));
  EXPECT_THAT(over(Over::average, all)[0].columns.average, ElementsAre(1, 3, 7));
  EXPECT_THAT(over(Over::minimum, all)[0].columns.average, ElementsAre(1, 2, 7));
  EXPECT_THAT(over(Over::maximum, all)[0].columns.average, ElementsAre(1, 5, 7));
}

TEST(OverHosts, DoNotCountWhatAHostCannotTell) {
  const auto lines = over(Over::average, {answer("load", {{0, std::nan("")}, {1, 4}}), answer("load", {{1, 6}})});
  EXPECT_THAT(lines[0].columns.average, ElementsAre(testing::IsNan(), 5));
  EXPECT_THAT(lines[0].hosts, ElementsAre(1, 2)) << "it is there all the same";
}

TEST(OverHosts, KeepUnitsAndGroupsApart) {
  OverHosts hosts(Over::sum, at(0), at(3), kStep);
  ASSERT_TRUE(hosts.add("eu", answer("io", {{0, 1}}, "By/s")));
  ASSERT_TRUE(hosts.add("us", answer("io", {{0, 2}}, "By/s")));
  ASSERT_TRUE(hosts.add("eu", answer("io", {{0, 4}}, "{op}/s")));
  const auto lines = std::move(hosts).finish();
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].group + lines[0].columns.series.unit, "euBy/s");
  EXPECT_EQ(lines[1].group + lines[1].columns.series.unit, "eu{op}/s");
  EXPECT_EQ(lines[2].group + lines[2].columns.series.unit, "usBy/s");
}

TEST(OverHosts, RefuseWhatWouldNotFitMemory) {
  OverHosts long_range(Over::sum, at(0), at(0) + std::chrono::days(365), units::Milliseconds{1});
  const auto refused = long_range.add("", answer("load", {{0, 1}}));
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("more than 1000000 points"));
}

}  // namespace
}  // namespace vedette::api
