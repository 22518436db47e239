#include "schema/chunk/builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "schema/units/bytes.h"
#include "tests/schema/chunk/tables.h"

namespace vedette::chunk {
namespace {

using metrics::Cell;
using units::as_bytes;

/// Columns of `table` as a builder takes them: ids 0, 1, 2 …
std::vector<Cell> cells_at(const Table& table, std::size_t tick) {
  std::vector<Cell> cells;
  for (const Column& column : table.columns) {
    const bool present = column.present.empty() || column.present[tick];
    cells.push_back(present ? metrics::integer(column.values[tick]) : Cell{});
  }
  while (!cells.empty() && !cells.back().present) cells.pop_back();
  return cells;
}

TEST(Builder, MakesTheChunkThatEncodeMakesOfTheSameTable) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Table table = random_table(seed);
    // Columns that never had a value are left out of a builder's chunk.
    std::erase_if(table.columns, [](const Column& column) {
      return column.values.empty() ||
             (!column.present.empty() && std::ranges::find(column.present, true) == column.present.end());
    });
    for (std::size_t i = 0; i < table.columns.size(); ++i) table.columns[i].id = static_cast<std::uint32_t>(100 + i);
    std::vector<bool> reals;
    for (const Column& column : table.columns) reals.push_back(column.real);

    Builder builder(100);
    for (std::size_t tick = 0; tick < table.times.size(); ++tick) {
      builder.append(table.times[tick], cells_at(table, tick), reals);
    }
    EXPECT_EQ(builder.ticks(), table.times.size());
    EXPECT_EQ(difference(decode(as_bytes(builder.encoded()), {}).value(), normalised(table)), "");
    EXPECT_EQ(builder.seal(), encode(table));
    EXPECT_EQ(builder.ticks(), 0U);
  }
}

TEST(Builder, CanBeReadAtEveryTickWithoutDisturbingIt) {
  Builder builder;
  Table table{{}, {{0, false, {}, {}}}};
  for (std::int64_t tick = 0; tick < 200; ++tick) {
    builder.append(tick * 1'000, std::vector{metrics::integer(tick * tick)}, {});
    table.times.push_back(tick * 1'000);
    table.columns[0].values.push_back(tick * tick);
    EXPECT_EQ(difference(decode(as_bytes(builder.encoded()), {}).value(), table), "") << tick;
  }
}

TEST(Builder, TakesColumnsThatComeUpLateAndEndEarly) {
  Builder builder;
  builder.append(1'000, std::vector{metrics::integer(1)}, {});
  builder.append(2'000, std::vector{metrics::integer(2), Cell{}, metrics::integer(30)}, {});
  builder.append(3'000, std::vector<Cell>{}, {});
  const Table read = decode(as_bytes(builder.encoded()), {}).value();
  ASSERT_EQ(read.columns.size(), 2U);  // column 1 never had a value
  EXPECT_EQ(read.columns[0].present, (std::vector{true, true, false}));
  EXPECT_EQ(read.columns[1].id, 2U);
  EXPECT_EQ(read.columns[1].present, (std::vector{false, true, false}));
  EXPECT_EQ(read.columns[1].values, (std::vector<std::int64_t>{0, 30, 0}));
}

TEST(Builder, EncodesOnlyTheColumnsThatAreAskedFor) {
  Builder builder(64);
  builder.append(1'000, std::vector{metrics::integer(1), metrics::integer(2), metrics::integer(3)},
                 {false, true, false});
  const std::vector<std::uint32_t> ids = {3, 65};
  const Table read = decode(as_bytes(builder.encoded(ids)), {}).value();
  ASSERT_EQ(read.columns.size(), 1U);
  EXPECT_EQ(read.columns[0].id, 65U);
  EXPECT_TRUE(read.columns[0].real);
}

TEST(Builder, HoldsAnOpenChunkInFarLessThanRawValues) {
  Builder builder;
  std::vector<Cell> cells(40);
  for (std::int64_t tick = 0; tick < 600; ++tick) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      cells[i] = metrics::integer(tick * 1'000 + tick * tick * static_cast<std::int64_t>(i) % 77);
    }
    builder.append(tick * 1'000, cells, {});
  }
  EXPECT_LT(builder.memory(), 80'000U);  // 600 × 40 raw values are 192 kB
}

}  // namespace
}  // namespace vedette::chunk
