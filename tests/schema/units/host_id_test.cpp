#include "schema/units/host_id.h"

#include <gtest/gtest.h>

namespace vedette::units {
namespace {

TEST(HostId, RoundTripsAsHex) {
  const std::string text = "000102030405060708090a0b0c0d0eff";
  EXPECT_EQ(to_string(parse_host_id(text).value()), text);
}

TEST(HostId, RefusesOtherLengthsAndDigits) {
  for (const char* text : {"", "00", "000102030405060708090a0b0c0d0ef", "000102030405060708090a0b0c0d0efg",
                           "000102030405060708090a0b0c0d0eff0"}) {
    EXPECT_FALSE(parse_host_id(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace vedette::units
