#include "schema/units/ascii.h"

#include <gtest/gtest.h>

namespace vedette::units {
namespace {

TEST(Ascii, CaseIsThatOfItsLettersOnly) {
  EXPECT_EQ(lowered("AZ az 09 @[`{ \xC4\x80"), "az az 09 @[`{ \xC4\x80");
  EXPECT_TRUE(same_ignoring_case("Upgrade", "uPGRADE"));
  EXPECT_FALSE(same_ignoring_case("upgrade", "upgrades"));
  EXPECT_FALSE(same_ignoring_case("@", "`"));
  EXPECT_TRUE(same_ignoring_case("", ""));
}

TEST(Ascii, BlanksAreSpacesAndTabs) {
  EXPECT_EQ(trimmed(" \ta b\t "), "a b");
  EXPECT_EQ(trimmed("\na"), "\na");
  EXPECT_EQ(trimmed(" \t"), "");
}

TEST(Ascii, TokensHaveNoSeparators) {
  for (const char good : std::string_view("aZ09!#$%&'*+-.^_`|~")) EXPECT_TRUE(is_token_character(good)) << good;
  for (const char bad : std::string_view("\0 \t\"(),/:;<=>?@[\\]{}\x7f\xc3", 22))
    EXPECT_FALSE(is_token_character(bad)) << bad;
}

TEST(Ascii, APlainPathNeedsNoEscapes) {
  for (const char* good : {"", "/a", "/a/B-9_~.x", "/..a", "/a/..."}) EXPECT_TRUE(is_plain_path(good)) << good;
  for (const char* bad : {"a", "/", "//", "/a/", "/.", "/..", "/a/../b", "/a b", "/a%20", "/\xC3\xA4", "/a?b"}) {
    EXPECT_FALSE(is_plain_path(bad)) << bad;
  }
}

}  // namespace
}  // namespace vedette::units
