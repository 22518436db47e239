#include "schema/units/bytes.h"

#include <gtest/gtest.h>

#include <limits>

namespace vedette::units {
namespace {

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(Varint, RoundTripsAtEveryLength) {
  for (int bits = 0; bits < 64; ++bits) {
    for (const std::uint64_t n : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1}) {
      std::string out;
      put_varint(out, n);
      ByteReader in(as_bytes(out));
      EXPECT_EQ(in.varint(), n);
      EXPECT_EQ(in.remaining(), 0U);
    }
  }
}

TEST(Varint, SignedRoundTripsAtTheEdges) {
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1}, kLowest, kHighest}) {
    std::string out;
    put_signed(out, n);
    EXPECT_EQ(ByteReader(as_bytes(out)).signed_varint(), n);
  }
}

TEST(Varint, RefusesWhatIsCutOffOverlongOrOver64Bits) {
  using namespace std::string_literals;
  for (const std::string& bytes : {""s, "\x80"s, "\x80\x00"s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"s,
                                   "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"s}) {
    EXPECT_FALSE(ByteReader(as_bytes(bytes)).varint().has_value());
  }
}

TEST(Wrapping, UndoesItselfForEveryPair) {
  for (const std::int64_t a : {std::int64_t{0}, std::int64_t{7}, kLowest, kHighest}) {
    for (const std::int64_t b : {std::int64_t{0}, std::int64_t{-7}, kLowest, kHighest}) {
      EXPECT_EQ(wrapping_add(b, wrapping_sub(a, b)), a);
    }
  }
}

TEST(ByteReader, NeverReadsPastTheEnd) {
  const std::string bytes = "abc";
  ByteReader in(as_bytes(bytes));
  EXPECT_FALSE(in.take(4).has_value());
  EXPECT_FALSE(in.fixed(4).has_value());
  EXPECT_EQ(in.fixed(3), 0x636261U);
  EXPECT_FALSE(in.byte().has_value());
}

}  // namespace
}  // namespace vedette::units
