#include "server/domain/json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace vedette::domain {
namespace {

std::string time(std::int64_t ms) {
  std::string out;
  append_json_time(out, units::from_unix_ms(ms));
  return out;
}
std::string number(double value) {
  std::string out;
  append_json_number(out, value);
  return out;
}
std::string text(std::string_view value) {
  std::string out;
  append_json_string(out, value);
  return out;
}

TEST(Json, WritesTimesWithThreeDecimals) {
  for (const std::int64_t ms :
       {0LL, 1LL, 999LL, 1'000LL, 1'001LL, 1'795'425'204'083LL, 1'795'425'204'000LL, -1'500LL}) {
    EXPECT_EQ(time(ms), units::unix_seconds(units::from_unix_ms(ms)));
  }
  EXPECT_EQ(time(1'795'425'204'000), "1795425204.000");
}

TEST(Json, WritesTheShortestDigitsThatReadBack) {
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1), "1");
  EXPECT_EQ(std::stod(number(1.0 / 3)), 1.0 / 3);
}

TEST(Json, SaysNullForWhatJsonCantSay) {
  EXPECT_EQ(number(std::nan("")), "null");
  EXPECT_EQ(number(-std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, EscapesQuotesAndControlCharacters) {
  EXPECT_EQ(text("a\"b\\c\n\x01/é"), "\"a\\\"b\\\\c\\u000a\\u0001/é\"");
}

}  // namespace
}  // namespace vedette::domain
