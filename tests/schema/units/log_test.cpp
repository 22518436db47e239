#include "schema/units/log.h"

#include <gtest/gtest.h>

namespace vedette::units {
namespace {

std::string formatted(std::string_view message, std::initializer_list<Field> fields) {
  return format_log(Level::info, message, {fields.begin(), fields.size()});
}

TEST(FormatLog, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(formatted("agent connected", {{"host", "web-07"}, {"rtt_ms", 12}}),
            "<6>msg=\"agent connected\" host=web-07 rtt_ms=12\n");
  EXPECT_EQ(formatted("ready", {{"path", ""}}), "<6>msg=ready path=\"\"\n");
}

TEST(FormatLog, KeepsOneHappeningOnOneLineWhateverTheValue) {
  EXPECT_EQ(formatted("hello", {{"host", "a\n<0>msg=forged\x1b[2J\""}}),
            "<6>msg=hello host=\"a\\n<0>msg=forged\\x1b[2J\\\"\"\n");
}

}  // namespace
}  // namespace vedette::units
