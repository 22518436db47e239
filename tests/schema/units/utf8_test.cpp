#include "schema/units/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace vedette::units {
namespace {

using namespace std::string_literals;

TEST(Utf8, AcceptsTheEdgesOfEveryLength) {
  for (const std::string& text : {""s, "a\0b"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s,
                                  "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(Utf8, RefusesOverlongSurrogatesCutOffAndAboveTheEnd) {
  for (const std::string& text :
       {"\x80"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc2"s, "\xc2\x41"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s, "\xe2\x82"s,
        "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xf0\x9f\x98"s, "ok\xff"s}) {
    EXPECT_FALSE(is_utf8(text));
  }
}

TEST(CutUtf8, NeverSplitsACharacter) {
  EXPECT_EQ(cut_utf8("aä€", 10), "aä€");
  EXPECT_EQ(cut_utf8("aä€", 5), "aä");
  EXPECT_EQ(cut_utf8("aä€", 3), "aä");
  EXPECT_EQ(cut_utf8("aä€", 2), "a");
  EXPECT_EQ(cut_utf8("€", 2), "");
}

TEST(RepairUtf8, ReplacesEachByteThatIsNotTextAndKeepsTheRest) {
  EXPECT_EQ(repair_utf8("aä€\0😀"s), "aä€\0😀"s);
  EXPECT_EQ(repair_utf8("caf\xe9 2"s), "caf\uFFFD 2");
  EXPECT_EQ(repair_utf8("\xe2\x82"s), "\uFFFD\uFFFD");
  EXPECT_EQ(repair_utf8("\xe2\x82"
                        "a"s),
            "\uFFFD\uFFFDa");
  EXPECT_EQ(repair_utf8("\xed\xa0\x80"s), "\uFFFD\uFFFD\uFFFD");
}

}  // namespace
}  // namespace vedette::units
