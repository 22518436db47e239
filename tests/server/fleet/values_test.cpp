#include "server/fleet/values.h"

#include <gtest/gtest.h>

#include "schema/metrics/catalogue.h"

namespace vedette::fleet {
namespace {

using namespace std::chrono_literals;

const units::Instant kAt = units::from_unix_ms(1'795'425'204'000);

HostValues one_counter() {
  HostValues values;
  values.set_series({{domain::SeriesNumber{0},
                      metrics::series_of("system.network.io", {{"direction", "receive"}, {"interface", "eth0"}})}});
  return values;
}

domain::Tick tick(units::Instant at, std::int64_t count) {
  return {at, 1, {metrics::integer(count)}};
}

TEST(HostValues, ACounterIsShownAsItsRate) {
  HostValues values = one_counter();
  EXPECT_TRUE(values.take(tick(kAt, 100)).empty()) << "nothing to compare with";
  const auto taken = values.take(tick(kAt + 2s, 300));
  ASSERT_EQ(taken.size(), 1u);
  EXPECT_EQ(taken[0].value, 100);
  EXPECT_EQ(taken[0].series->unit, "By/s");
}

TEST(HostValues, GoOnAtOnceWhenTheCollectorsClockIsSetBack) {
  HostValues values = one_counter();
  (void)values.take(tick(kAt, 100));
  (void)values.take(tick(kAt + 1s, 150));
  EXPECT_TRUE(values.take(tick(kAt - 3h, 200)).empty());
  EXPECT_EQ(values.latest().size(), 1u) << "what was shown stays";
  const auto taken = values.take(tick(kAt - 3h + 1s, 260));
  ASSERT_EQ(taken.size(), 1u) << "not only after three hours";
  EXPECT_EQ(taken[0].value, 60);
}

}  // namespace
}  // namespace vedette::fleet
