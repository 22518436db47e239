#include "schema/metrics/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "schema/metrics/rate.h"

namespace vedette::metrics {
namespace {

TEST(Catalogue, IsSortedByNameAndEachIsFound) {
  std::string_view before;
  for (const Metric& metric : catalogue()) {
    EXPECT_LT(before, metric.name);
    before = metric.name;
    EXPECT_EQ(find(metric.name), &metric);
  }
  EXPECT_EQ(find("system.cpu"), nullptr);
  EXPECT_EQ(find("zzz"), nullptr);
}

TEST(Catalogue, HoldsTheSeriesOfTheFirstIssue) {
  for (const char* name :
       {"system.cpu.time", "system.cpu.load_average.1m", "system.cpu.load_average.5m", "system.cpu.load_average.15m",
        "system.memory.usage", "system.memory.limit", "system.linux.memory.available", "system.paging.usage",
        "system.filesystem.usage", "system.disk.io", "system.disk.operations", "system.disk.io_time",
        "system.network.io", "system.network.packets", "system.network.errors", "system.network.dropped",
        "system.cpu.utilization"}) {
    EXPECT_NE(find(name), nullptr) << name;
  }
}

TEST(Catalogue, EachGroupHasANameAndAMetric) {
  std::set<std::string_view> names;
  for (std::size_t g = 0; g < kGroupNames.size(); ++g) {
    const auto group = static_cast<Group>(g);
    EXPECT_TRUE(names.insert(name(group)).second) << name(group);
    EXPECT_GT(std::ranges::count(catalogue(), group, &Metric::group), 0) << name(group);
    EXPECT_TRUE(Groups().has(group));
    EXPECT_TRUE(Groups::only(group).has(group));
    EXPECT_EQ(Groups::only(group).has(Group::cpu), group == Group::cpu);
  }
  EXPECT_EQ(name(Group::files), "files") << "the names stand in the enumeration's order";
}

TEST(Catalogue, EveryMetricMakesASeriesThatPassesTheCheck) {
  for (const Metric& metric : catalogue()) {
    EXPECT_TRUE(check(series_of(metric.name)).has_value()) << metric.name;
    EXPECT_FALSE(metric.description.empty());
    EXPECT_FALSE(metric.source.empty());
    EXPECT_EQ(metric.description.back(), '.') << metric.name;
  }
}

TEST(Catalogue, OnlyWhatIsDerivedHasNoQuantum) {
  for (const Metric& metric : catalogue()) EXPECT_EQ(metric.derived, metric.quantum.is_real()) << metric.name;
}

TEST(Catalogue, AttributeKeysAreSorted) {
  for (const Metric& metric : catalogue()) {
    std::vector<std::string> keys(1);
    for (const char c : metric.attributes) {
      if (c == ',') keys.emplace_back();
      if (c != ',' && c != '?') keys.back() += c;
    }
    EXPECT_TRUE(std::ranges::is_sorted(keys)) << metric.name;
  }
}

TEST(SeriesOf, SortsAttributesAndTakesUnitKindAndQuantum) {
  const Series series = series_of("system.disk.io", {{"direction", "read"}, {"device", "sda"}});
  EXPECT_EQ(to_string(series.key), "system.disk.io{device=sda,direction=read}");
  EXPECT_EQ(series.unit, "By");
  EXPECT_EQ(series.kind, Kind::counter);
  EXPECT_EQ(series.quantum, (Quantum{512, 1}));
}

}  // namespace
}  // namespace vedette::metrics
