#include "server/alerts/entry.h"

#include <gtest/gtest.h>

namespace vedette::alerts {
namespace {

constexpr units::Instant kSince = units::from_unix_ms(1'795'000'000'000);

Entry firing() {
  Entry entry;
  entry.series = "system.cpu.utilization";
  entry.state = {domain::Phase::firing, kSince, kSince};
  entry.alert.id = entry.alert.incident = 3;
  entry.alert.rule = "cpu";
  entry.alert.phase = domain::Phase::firing;
  entry.alert.since = kSince;
  entry.alert.unit = "1";
  return entry;
}

TEST(Entry, ComesBackAsItWasStored) {
  Entry entry = firing();
  entry.alert.notified_at = kSince + std::chrono::seconds(60);
  entry.alert.incident = 9;
  const auto again = decode("key", encode(entry));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->series, entry.series);
  EXPECT_EQ(again->alert.unit, "1");
  EXPECT_EQ(again->alert.id, 3u);
  EXPECT_EQ(again->alert.incident, 9u);
  EXPECT_EQ(again->alert.notified_at, entry.alert.notified_at);
  EXPECT_FALSE(decode("key", encode(firing()))->alert.notified_at) << "nobody was told of this one";
}

TEST(Entry, OfTheFirstBuildsCountsAsToldOnceItsHoldWasOver) {
  const std::string body = R"({"v":1,"rule":"cpu","host":7,"attributes":{},"firing":true,"since":1795000000000,)"
                           R"("id":3,"severity":1,"reason":"busy","host_since":0)";
  const auto told = decode("key", body + "}");
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_EQ(told->alert.notified_at, kSince);
  EXPECT_EQ(told->alert.incident, 3u) << "each alert was its own then";
  const auto held = decode("key", body + R"(,"notifies_at":1795000060000})");
  ASSERT_TRUE(held);
  EXPECT_FALSE(held->alert.notified_at);
}

TEST(Entry, OfANewerVersionOrBrokenIsAnError) {
  EXPECT_EQ(decode("key", R"({"v":2})").error().code, units::ErrorCode::version);
  EXPECT_EQ(decode("key", "{").error().code, units::ErrorCode::corrupt);
}

}  // namespace
}  // namespace vedette::alerts
