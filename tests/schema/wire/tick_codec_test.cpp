#include "schema/wire/tick_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

namespace vedette::wire {
namespace {

using metrics::Cell;
using metrics::integer;
using ::testing::HasSubstr;

TickRow row(std::int64_t ms, std::vector<Cell> cells) {
  return {units::from_unix_ms(ms), std::move(cells)};
}
Cell real(double d) {
  return integer(std::bit_cast<std::int64_t>(d));
}

/// Encodes and decodes each row in turn.
void expect_round_trip(const std::vector<TickRow>& rows, const std::vector<bool>& reals = {}) {
  TickEncoder encoder;
  TickDecoder decoder;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto decoded = decoder.decode(units::as_bytes(encoder.encode(rows[i], reals)), rows[i].cells.size());
    ASSERT_TRUE(decoded.has_value()) << i << ": " << decoded.error().message;
    EXPECT_EQ(*decoded, rows[i]) << i;
  }
}

constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kHighest = std::numeric_limits<std::int64_t>::max();

TEST(TickCodec, RoundTripsIntegersAtTheEdges) {
  expect_round_trip({row(1'000, {integer(kLowest), integer(kHighest), integer(0)}),
                     row(2'000, {integer(kHighest), integer(kLowest), integer(-1)}),
                     row(3'000, {integer(0), integer(0), integer(0)})});
}

TEST(TickCodec, RoundTripsEveryKindOfDouble) {
  const std::vector<bool> reals(4, true);
  const double inf = std::numeric_limits<double>::infinity();
  expect_round_trip({row(0, {real(-0.0), real(std::nan("123")), real(inf), real(0.1)}),
                     row(1, {real(0.0), real(-std::nan("")), real(-inf), real(0.1000001)}),
                     row(2, {real(5e-324), real(1), real(std::numeric_limits<double>::max()), real(0.1)})},
                    reals);
}

TEST(TickCodec, KeepsTimesThatGoBackAndStandStill) {
  expect_round_trip({row(5'000, {integer(1)}), row(4'000, {integer(2)}), row(4'000, {integer(3)}),
                     row(units::kLatestMs, {integer(4)}), row(units::kEarliestMs, {integer(5)})});
}

TEST(TickCodec, TakesNewSeriesAndAbsentCellsMidStream) {
  expect_round_trip({row(0, {}), row(1, {integer(7)}), row(2, {integer(7), Cell{}, integer(9)}),
                     row(3, {Cell{}, integer(8), integer(9)}), row(4, {integer(7), integer(8)}),
                     row(5, {integer(7), integer(8), integer(9)}), row(6, {})});
}

TEST(TickCodec, TakesANewSeriesOfDoublesMidStream) {
  TickEncoder encoder;
  TickDecoder decoder;
  const TickRow first = row(0, {integer(7)}), second = row(1, {integer(8), real(2.5)}),
                third = row(2, {integer(8), real(2.25)});
  EXPECT_EQ(decoder.decode(units::as_bytes(encoder.encode(first, {false})), 1).value(), first);
  EXPECT_EQ(decoder.decode(units::as_bytes(encoder.encode(second, {false, true})), 2).value(), second);
  EXPECT_EQ(decoder.decode(units::as_bytes(encoder.encode(third, {false, true})), 2).value(), third);
}

TEST(TickCodec, SendsAFullTickAtTheStartAfterResetAndEverySixtieth) {
  TickEncoder encoder;
  for (int i = 0; i < 2 * kFullTickEvery; ++i) {
    const std::string bytes = encoder.encode(row(i * 1'000, {integer(1'000'000)}), {});
    EXPECT_EQ((bytes[0] & 1) != 0, i % kFullTickEvery == 0) << i;
  }
  (void)encoder.encode(row(0, {integer(1)}), {});
  encoder.reset();
  const std::string bytes = encoder.encode(row(0, {integer(1)}), {});
  EXPECT_TRUE(TickDecoder().decode(units::as_bytes(bytes), 1).has_value());
}

TEST(TickCodec, AFullTickNeedsNothingBeforeIt) {
  TickEncoder encoder;
  for (int i = 0; i < kFullTickEvery; ++i) (void)encoder.encode(row(i, {integer(i)}), {});
  const TickRow full = row(99, {integer(99), Cell{}});
  EXPECT_EQ(TickDecoder().decode(units::as_bytes(encoder.encode(full, {})), 2).value(), full);
}

TEST(TickCodec, RoundTripsRandomTicks) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    std::vector<bool> reals(40);
    for (std::size_t i = 0; i < reals.size(); ++i) reals[i] = random() % 3 == 0;
    std::vector<TickRow> rows;
    std::vector<Cell> cells;
    for (int tick = 0; tick < 130; ++tick) {
      if (cells.size() < reals.size() && random() % 4 == 0) cells.resize(cells.size() + random() % 3);
      for (Cell& cell : cells) {
        if (random() % 2 != 0) continue;
        cell = random() % 9 == 0 ? Cell{} : integer(static_cast<std::int64_t>(random() >> (random() % 64)));
      }
      if (cells.size() > reals.size()) cells.resize(reals.size());
      rows.push_back(row(tick * 1'000 + static_cast<std::int64_t>(random() % 3), cells));
    }
    expect_round_trip(rows, reals);
  }
}

TEST(TickDecoder, RefusesDifferencesWithoutAFullTick) {
  TickEncoder encoder;
  (void)encoder.encode(row(0, {integer(1)}), {});
  const auto decoded = TickDecoder().decode(units::as_bytes(encoder.encode(row(1, {integer(2)}), {})), 1);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_THAT(decoded.error().message, HasSubstr("no full tick"));
}

TEST(TickDecoder, RefusesMoreCellsThanWereAnnounced) {
  TickEncoder encoder;
  const std::string bytes = encoder.encode(row(0, {integer(1), integer(2)}), {});
  const auto decoded = TickDecoder().decode(units::as_bytes(bytes), 1);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, units::ErrorCode::invalid);
  EXPECT_THAT(decoded.error().message, HasSubstr("1 announced"));
}

TEST(TickDecoder, RefusesATimeThatWouldOverflowLater) {
  TickEncoder encoder;
  for (const std::int64_t ms : {kLowest, std::int64_t{-1}, units::kLatestMs + 1, kHighest}) {
    encoder.reset();
    EXPECT_FALSE(TickDecoder().decode(units::as_bytes(encoder.encode(row(ms, {}), {})), 1).has_value()) << ms;
  }
}

TEST(TickDecoder, RefusesEveryTruncationAndBytesPastTheEnd) {
  TickEncoder encoder;
  const std::string bytes = encoder.encode(row(123'456, {integer(1'000), real(0.1), Cell{}}), {false, true, false});
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(TickDecoder().decode(units::as_bytes(bytes).first(size), 3).has_value()) << size;
  }
  EXPECT_FALSE(TickDecoder().decode(units::as_bytes(bytes + '\0'), 3).has_value());
}

TEST(TickDecoder, StaysRefusingAfterAnError) {
  TickEncoder encoder;
  TickDecoder decoder;
  const std::string good = encoder.encode(row(0, {integer(1)}), {});
  ASSERT_TRUE(decoder.decode(units::as_bytes(good), 1).has_value());
  EXPECT_FALSE(decoder.decode({}, 1).has_value());
  EXPECT_FALSE(decoder.decode(units::as_bytes(good), 1).has_value());
}

}  // namespace
}  // namespace vedette::wire
