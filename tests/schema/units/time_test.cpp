#include "schema/units/time.h"

#include <gtest/gtest.h>

namespace vedette::units {
namespace {

using namespace std::chrono_literals;

TEST(UnixSeconds, AlwaysHasThreeDecimals) {
  EXPECT_EQ(unix_seconds(from_unix_ms(1'795'425'204'083)), "1795425204.083");
  EXPECT_EQ(unix_seconds(from_unix_ms(5)), "0.005");
  EXPECT_EQ(unix_seconds(from_unix_ms(-1'500)), "-1.500");
}

TEST(DateUtc, NamesDayAndTime) {
  EXPECT_EQ(date_utc(from_unix_ms(1'795'425'204'083)), "2026-11-23 09:13:24 UTC");
  EXPECT_EQ(date_utc(from_unix_ms(-1)), "1969-12-31 23:59:59 UTC");
}

TEST(ParseDuration, ReadsEveryUnit) {
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("60s").value(), 60s);
  EXPECT_EQ(parse_duration("15m").value(), 15min);
  EXPECT_EQ(parse_duration("1h").value(), 1h);
  EXPECT_EQ(parse_duration("14d").value(), 336h);
}

TEST(ParseDuration, RefusesWhatIsNoDurationAndNamesIt) {
  for (const char* text :
       {"", "s", "60", "-1s", "1.5s", "1 s", "1w", "99999999999999999999s", "9223372036854775807d"}) {
    const auto result = parse_duration(text);
    ASSERT_FALSE(result.has_value()) << text;
    EXPECT_NE(result.error().message.find(text), std::string::npos);
  }
}

TEST(FormatDuration, IsReadBackExactly) {
  for (const Milliseconds span :
       {Milliseconds{1}, Milliseconds{1'500}, Milliseconds{60'000}, Milliseconds{90'000}, Milliseconds{86'400'000}}) {
    EXPECT_EQ(parse_duration(format_duration(span)).value(), span);
  }
  EXPECT_EQ(format_duration(60s), "1m");
}

TEST(SpokenDuration, HasUpToTwoParts) {
  EXPECT_EQ(spoken_duration(640ms), "0.6 s");
  EXPECT_EQ(spoken_duration(42s), "42 s");
  EXPECT_EQ(spoken_duration(252s), "4 min 12 s");
  EXPECT_EQ(spoken_duration(2h + 11min), "2 h 11 min");
  EXPECT_EQ(spoken_duration(48h), "2 d");
}

}  // namespace
}  // namespace vedette::units
