#include "schema/chunk/chunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>

#include "schema/chunk/column.h"
#include "schema/chunk/head.h"
#include "schema/units/bytes.h"
#include "tests/golden/recording.h"
#include "tests/schema/chunk/tables.h"

namespace vedette::chunk {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using units::as_bytes;
using units::ErrorCode;

Table one_column(std::vector<std::int64_t> values, bool real = false) {
  Table table;
  for (std::size_t i = 0; i < values.size(); ++i) table.times.push_back(1'000 * static_cast<std::int64_t>(i));
  table.columns.push_back({7, real, std::move(values), {}});
  return table;
}

void expect_round_trip(const Table& table) {
  for (const std::string& bytes : {encode(table), encode_dense(table)}) {
    const auto decoded = decode(as_bytes(bytes), {});
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(difference(*decoded, normalised(table)), "");
  }
}

TEST(Chunk, RoundTripsRandomTablesOfEveryShape) {
  for (std::uint64_t seed = 1; seed <= 2'000 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    expect_round_trip(random_table(seed));
  }
}

TEST(Chunk, RoundTripsIntegersAtTheEdges) {
  const auto lowest = std::numeric_limits<std::int64_t>::min(), highest = std::numeric_limits<std::int64_t>::max();
  expect_round_trip(one_column({lowest, highest, lowest, 0, -1, 1, highest, highest, lowest, lowest}));
  expect_round_trip(one_column({0, highest, 0, lowest, 0}));
  // Long enough that it isn't written in blocks.
  std::vector<std::int64_t> turns, ends;
  for (int i = 0; i < 700; ++i) {
    turns.push_back(i % 2 == 0 ? lowest : highest);
    ends.push_back(i % 3 == 0 ? lowest : i % 3 == 1 ? 0 : highest);
  }
  expect_round_trip(one_column(turns));
  expect_round_trip(one_column(ends));
  Table table;
  table.times = {highest, lowest, 0};
  expect_round_trip(table);
}

TEST(Chunk, KeepsEveryBitOfADouble) {
  std::vector<std::int64_t> bits;
  for (const double d :
       {0.0, -0.0, 0.1, std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(),
        std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::max()}) {
    bits.push_back(std::bit_cast<std::int64_t>(d));
  }
  // Quiet and signalling NaNs, both signs, with and without payload.
  for (const std::uint64_t nan : {0x7ff8000000000000U, 0xfff8000000000000U, 0x7ff0000000000001U, 0xfff7ffffffffffffU,
                                  0x7ff8dead0000beefU, 0xffffffffffffffffU}) {
    bits.push_back(static_cast<std::int64_t>(nan));
  }
  expect_round_trip(one_column(bits, true));
}

TEST(Chunk, TakesNoTicksNoColumnsAndColumnsWithoutAValue) {
  expect_round_trip({});
  expect_round_trip(one_column({}));
  Table table = one_column({1, 2, 3});
  table.columns[0].present = {false, false, false};
  expect_round_trip(table);
}

TEST(Chunk, TakesTheHighestColumnId) {
  Table table = one_column({1});
  table.columns[0].id = 0;
  table.columns.push_back({0xffffffff, false, {2}, {}});
  expect_round_trip(table);
}

TEST(Chunk, RegularTimesAndConstantColumnsCostNextToNothing) {
  Table table;
  for (int i = 0; i < 600; ++i) table.times.push_back(1'795'425'204'000 + i * 1'000);
  const std::size_t head = encode(table).size(), dense_head = encode_dense(table).size();
  EXPECT_LE(head, 48U);
  EXPECT_LE(dense_head, 40U);
  table.columns.push_back({0, false, std::vector<std::int64_t>(600, 24'684'092), {}});
  EXPECT_LE(encode(table).size() - head, 24U);
  EXPECT_LE(encode_dense(table).size() - dense_head, 20U);
}

TEST(Chunk, TakesRunsOfZerosLongerThanASymbolStandsFor) {
  std::vector<std::int64_t> values(200'000, 5);
  values[3] = 6;
  values.back() = 7;
  const Table table = one_column(values);
  const std::string bytes = encode_dense(table);
  EXPECT_LT(bytes.size(), 100U);
  const auto decoded = decode(as_bytes(bytes), {.ticks = 200'000, .columns = 1, .cells = 200'000});
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(difference(*decoded, table), "");
}

TEST(Chunk, TakesSymbolsSoRareThatTheirCodesAreCutOff) {
  std::vector<std::int64_t> values;
  // Each width twice as often as the next: Huffman's own lengths go to 17 bits.
  for (unsigned width = 1; width <= 18; ++width) {
    values.insert(values.end(), std::size_t{1} << (18 - width), std::int64_t{1} << (width + 40));
  }
  std::int64_t at = 0;
  for (std::int64_t& value : values) value = at += value;
  const auto decoded =
      decode(as_bytes(encode_dense(one_column(values))), {.ticks = 1U << 18, .columns = 1, .cells = 1U << 18});
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(decoded->columns.at(0).values, values);
}

TEST(Chunk, IsNeverMuchLargerForBeingDense) {
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    const Table table = random_table(seed);
    const std::size_t blocks = encode(table).size(), dense = encode_dense(table).size();
    EXPECT_LE(dense, blocks + blocks / 50 + 1) << "seed " << seed;
  }
}

TEST(Chunk, StepsThatAreMultiplesCostNoMoreThanWhatTheyAreMultiplesOf) {
  std::vector<std::int64_t> plain;
  for (std::uint64_t i = 0, noise = 1; i < 600; ++i) {
    plain.push_back(static_cast<std::int64_t>((noise = noise * 6'364'136'223'846'793'005 + 1) >> 50));
  }
  std::vector<std::int64_t> pages = plain;
  for (std::int64_t& value : pages) value = 4'096 * value + 17;
  EXPECT_LE(encode_dense(one_column(pages)).size(), encode_dense(one_column(plain)).size() + 4);
  expect_round_trip(one_column(pages));
}

TEST(Chunk, PresenceThatHoldsThroughoutCostsNothing) {
  Table table = one_column(std::vector<std::int64_t>(600, 5));
  const std::string without = encode(table);
  table.columns[0].present.assign(600, true);
  EXPECT_EQ(encode(table), without);
}

TEST(Chunk, TellsTheEarliestAndTheLatestTickFromTheHead) {
  Table table;
  table.times = {5'000, 3'000, 9'000, 4'000};
  const auto all = extent(as_bytes(encode(table)));
  ASSERT_TRUE(all.has_value());
  EXPECT_EQ(all->first, 3'000);
  EXPECT_EQ(all->last, 9'000);
  EXPECT_EQ(all->ticks, 4U);
}

TEST(DecodeColumns, GivesOnlyTheColumnsThatWereAskedFor) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    const Table table = normalised(random_table(seed));
    Table wanted{table.times, {}};
    std::vector<std::uint32_t> ids;
    for (std::size_t i = seed % 2; i < table.columns.size(); i += 2) {
      wanted.columns.push_back(table.columns[i]);
      ids.push_back(table.columns[i].id);
    }
    const auto decoded = decode_columns(as_bytes(encode(table)), ids, {});
    ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
    EXPECT_EQ(difference(*decoded, wanted), "");
  }
}

TEST(DecodeColumns, IgnoresIdsThatAreNotThereAndDamageElsewhere) {
  Table table = one_column({1, 2, 3});
  table.columns.push_back({9, false, {4, 5, 6}, {}});
  std::string bytes = encode(table);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);  // in column 9's check sum
  const std::vector<std::uint32_t> ids = {1, 7, 8};
  const auto decoded = decode_columns(as_bytes(bytes), ids, {});
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_THAT(decoded->columns.at(0).values, ElementsAre(1, 2, 3));
  EXPECT_EQ(decode(as_bytes(bytes), {}).error().code, ErrorCode::corrupt);
}

void expect_damage_is_seen(const std::string& good) {
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(decode(as_bytes(bad), {}).has_value()) << "bit " << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(decode(as_bytes(good).first(size), {}).has_value()) << "size " << size;
  }
  EXPECT_FALSE(decode(as_bytes(good + '\0'), {}).has_value());
}

TEST(Decode, DetectsEveryFlippedBitAndTruncation) {
  Table table = one_column({1, 5, 9, 14, 18, -3, 22, 1'000'000, 26});
  table.columns[0].present = {true, true, false, true, true, true, true, true, true};
  table.columns.push_back({9, true, {0, 1, 2, 2, 2, 1 << 30, 4, 5, 6}, {}});
  expect_damage_is_seen(encode(table));
  Table longer;
  longer.columns.resize(1);
  for (std::int64_t i = 0; i < 300; ++i) {
    longer.times.push_back(i * 1'000);
    longer.columns[0].values.push_back(i % 7 * i);
  }
  expect_damage_is_seen(encode_dense(longer));
}

TEST(Decode, RefusesAnotherVersionByItsFirstByte) {
  std::string bytes = encode(one_column({1}));
  bytes[0] = 3;
  const auto decoded = decode(as_bytes(bytes), {});
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::version);
  EXPECT_THAT(decoded.error().message, HasSubstr("version 3"));
}

TEST(Decode, TakesNoPrefixCodeInAChunkOfVersion1) {
  Table table = one_column({});
  for (std::int64_t i = 0; i < 300; ++i) {
    table.times.push_back(i);
    table.columns[0].values.push_back(i * i % 5);
  }
  std::string body;
  put_column(body, kNewest, table.columns[0]);
  Column column;
  EXPECT_TRUE(read_column(kNewest, as_bytes(body), 300, column));
  const auto refused = read_column(kBlocksOnly, as_bytes(body), 300, column);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
}

TEST(Decode, RefusesWhatIsOverALimitBeforeItTakesMemory) {
  const Table table = random_table(4);
  ASSERT_FALSE(table.columns.empty());
  ASSERT_FALSE(table.times.empty());
  const std::string bytes = encode(table);
  const std::size_t ticks = table.times.size(), columns = table.columns.size();
  EXPECT_TRUE(decode(as_bytes(bytes), {ticks, columns, ticks * columns}).has_value());
  for (const Limits& limits : {Limits{ticks - 1, columns, ticks * columns}, Limits{ticks, columns - 1, ticks * columns},
                               Limits{ticks, columns, ticks * columns - 1}}) {
    const auto decoded = decode(as_bytes(bytes), limits);
    ASSERT_FALSE(decoded.has_value());
    EXPECT_EQ(decoded.error().code, ErrorCode::too_large);
  }
}

TEST(Decode, RefusesAHeadThatPromisesMoreThanFollows) {
  std::string bytes;
  put_head(bytes, kNewest, {0, 0, std::size_t{1} << 40}, "", {});
  EXPECT_EQ(decode(as_bytes(bytes), {}).error().code, ErrorCode::too_large);
  bytes.clear();
  const Place far{0, std::size_t{1} << 40};
  put_head(bytes, kNewest, {0, 0, 1}, "\0", {&far, 1});
  EXPECT_EQ(decode(as_bytes(bytes), {}).error().code, ErrorCode::corrupt);
}

/// 600 one-second ticks of the recorded counters, from the given reading on.
Table recorded(const std::vector<golden::Reading>& readings, std::size_t from) {
  Table table;
  table.columns.resize(golden::kColumns);
  for (std::size_t c = 0; c < golden::kColumns; ++c) table.columns[c].id = static_cast<std::uint32_t>(c);
  for (std::size_t i = 0; i < 600; ++i) {
    const golden::Reading& reading = readings[from + i * golden::kReadingsPerSecond];
    table.times.push_back(1'795'425'204'000 + 1'000 * static_cast<std::int64_t>(i));
    for (std::size_t c = 0; c < golden::kColumns; ++c) table.columns[c].values.push_back(reading.values[c]);
  }
  return table;
}

TEST(Chunk, KeepsRecordedCountersSmall) {
  const auto readings = golden::recording(VEDETTE_SOURCE_DIR);
  ASSERT_EQ(readings.size(), 6'600U);
  std::size_t bytes = 0, dense = 0, samples = 0;
  for (const std::size_t from : {0U, 5U, 599U}) {
    const Table table = recorded(readings, from);
    expect_round_trip(table);
    bytes += encode(table).size();
    dense += encode_dense(table).size();
    samples += 600 * golden::kColumns;
  }
  const auto each = [&](std::size_t size) { return static_cast<double>(size) / static_cast<double>(samples); };
  RecordProperty("bytes_per_sample", std::to_string(each(bytes)));
  RecordProperty("bytes_per_sample_dense", std::to_string(each(dense)));
  EXPECT_LT(each(bytes), 0.95);
  EXPECT_LT(each(dense), 0.62);
}

std::string kept(const std::string& name) {
  std::ifstream file(VEDETTE_SOURCE_DIR "/tests/golden/chunks/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Chunks are kept for years: those of each version decode as on the day they were written.
TEST(Golden, ChunksOfEveryVersionDecodeBitForBit) {
  const Table counters = recorded(golden::recording(VEDETTE_SOURCE_DIR), 0), every_kind = kept_table();
  for (const char version : {'1', '2'}) {
    SCOPED_TRACE(version);
    for (const auto& [name, table] : {std::pair("recorded", &counters), std::pair("every-kind", &every_kind)}) {
      const std::string bytes = kept(name + std::string("-") + version + ".chunk");
      ASSERT_FALSE(bytes.empty()) << name;
      EXPECT_EQ(bytes[0], version - '0');
      const auto decoded = decode(as_bytes(bytes), {});
      ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
      EXPECT_EQ(difference(*decoded, *table), "");
    }
  }
}

}  // namespace
}  // namespace vedette::chunk
