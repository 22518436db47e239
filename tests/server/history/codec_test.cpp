// Bytes that we wrote come back as they were; bytes that we did not write are refused, whatever they are.
#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "server/history/ahead.h"
#include "server/history/key.h"
#include "server/history/packed.h"

namespace vedette::history {
namespace {

using domain::HostNumber;

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

domain::SharedBatch any_batch(std::mt19937_64& random) {
  auto batch = std::make_shared<domain::Batch>();
  batch->host = HostNumber(static_cast<std::uint32_t>(1 + random() % kMaxHost));
  batch->stream = random();
  batch->first = 1 + random() % 1000;
  batch->ticks.resize(1 + random() % 5);
  for (auto& tick : batch->ticks) {
    tick.at = units::from_unix_ms(static_cast<std::int64_t>(random() % 4'000'000'000'000));
    tick.boot = static_cast<std::uint32_t>(random() % 3);
    tick.cells.resize(random() % 70);
    for (auto& cell : tick.cells) {
      if (random() % 4 != 0) cell = metrics::integer(static_cast<std::int64_t>(random() >> (random() % 64)));
    }
  }
  return batch;
}

std::string any_row(std::mt19937_64& random) {
  std::vector<Accepted> accepted;
  for (std::size_t n = 1 + random() % 3; n > 0; --n) accepted.push_back(accept(any_batch(random)));
  return encode_row(accepted);
}

TEST(Row, ComesBackAsItWasWithoutSkippedTicks) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    const auto batch = any_batch(random);
    const std::size_t skip = random() % batch->ticks.size();
    const Accepted accepted[] = {accept(batch, skip)};
    const std::string row = encode_row(accepted);
    const auto back = decode_row(bytes_of(row));
    ASSERT_TRUE(back) << back.error().message;
    ASSERT_EQ(back->size(), 1U);
    EXPECT_EQ(back->front().host, batch->host);
    EXPECT_EQ(back->front().stream, batch->stream);
    EXPECT_EQ(back->front().first, batch->first + skip);
    ASSERT_EQ(back->front().ticks.size(), batch->ticks.size() - skip);
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) {
      const auto& tick = back->front().ticks[n - skip];
      EXPECT_EQ(tick.at, batch->ticks[n].at);
      EXPECT_EQ(tick.boot, batch->ticks[n].boot);
      EXPECT_EQ(tick.cells, batch->ticks[n].cells);
    }
  }
}

TEST(Row, CutOffAnywhereIsRefusedOrHoldsWholeBatchesOnly) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 20; ++round) {
    const std::string row = any_row(random);
    const auto whole = decode_row(bytes_of(row));
    ASSERT_TRUE(whole);
    for (std::size_t length = 0; length < row.size(); ++length) {
      const auto cut = decode_row(bytes_of(row).first(length));
      if (cut) {
        EXPECT_LT(cut->size(), whole->size());
      }
    }
  }
}

TEST(Row, HostileBytesNeitherCrashNorGrow) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 5'000; ++round) {
    std::string row = any_row(random);
    for (std::size_t n = 1 + random() % 4; n > 0; --n) row[random() % row.size()] = static_cast<char>(random());
    const auto decoded = decode_row(bytes_of(row));
    if (!decoded) continue;
    // A tick takes four bytes at least, so that what comes out is bounded by what went in.
    std::size_t ticks = 0;
    for (const auto& batch : *decoded) ticks += batch.ticks.size();
    EXPECT_LE(ticks, row.size() / 4);
  }
}

TEST(Row, OfANewerVersionSaysSo) {
  const std::string row("\x02rest");
  const auto decoded = decode_row(bytes_of(row));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, units::ErrorCode::version);
}

TEST(PackedTicks, AreReadBackOverAllTheirPiecesAndLeaveLittleMemorySpare) {
  PackedTicks packed;
  std::vector<domain::Tick> ticks;
  for (std::int64_t n = 0; n < 2'000; ++n) {
    domain::Tick tick{units::from_unix_ms(1'795'420'800'000 + n * 1'000), 1, {}};
    const std::int64_t width = n == 1'000 ? 5'000 : 20;  // one that no piece has room for
    for (std::int64_t cell = 0; cell < width; ++cell) tick.cells.push_back(metrics::integer(n * n * cell));
    packed.append(tick);
    ticks.push_back(std::move(tick));
  }
  ASSERT_GT(packed.pieces().size(), 10U);
  std::size_t taken = 0;
  std::string all;
  for (const std::string& piece : packed.pieces()) {
    taken += piece.capacity();
    all += piece;
  }
  EXPECT_EQ(all.size(), packed.size());
  EXPECT_LT(taken, packed.size() * 1.1);
  PackedReader pieces(packed), whole(bytes_of(all));
  for (const auto& tick : ticks) {
    ASSERT_TRUE(pieces.next().value_or(false));
    ASSERT_TRUE(whole.next().value_or(false));
    ASSERT_EQ(pieces.tick().at, tick.at);
    ASSERT_EQ(pieces.tick().cells, tick.cells);
    ASSERT_EQ(whole.tick().cells, tick.cells);
  }
  EXPECT_FALSE(pieces.next().value_or(true));
  EXPECT_FALSE(whole.next().value_or(true));
}

TEST(PackedTicks, CellCountOverTheCapIsRefusedBeforeMemoryIsTaken) {
  std::string bytes(2, '\0');  // time and boot
  units::put_varint(bytes, std::numeric_limits<std::uint64_t>::max());
  bytes.append(100, '\0');
  PackedReader reader(bytes_of(bytes));
  const auto more = reader.next();
  ASSERT_FALSE(more);
  EXPECT_EQ(more.error().code, units::ErrorCode::corrupt);
}

TEST(ChunkKey, PacksIntoPositiveIntegersInItsOwnOrder) {
  const std::vector<ChunkKey> ascending{{HostNumber{1}, 0, 0, 0},
                                        {HostNumber{1}, 0, 0, kMaxPart},
                                        {HostNumber{1}, 0, 1, 0},
                                        {HostNumber{1}, 1, 0, 0},
                                        {HostNumber{1}, (1U << 17) - 1, kGroups - 1, kMaxPart},
                                        {HostNumber{2}, 0, 0, 0},
                                        {HostNumber{kMaxHost}, (1U << 17) - 1, kGroups - 1, kMaxPart}};
  std::int64_t before = 0;
  for (const auto& key : ascending) {
    const std::int64_t k = pack(key);
    EXPECT_GT(k, before);
    EXPECT_EQ(unpack(k), key);
    before = k;
  }
}

TEST(ChunkKey, FileNamesArePeriodsOfUtcAndNothingElseParses) {
  const units::Instant at = units::from_unix_ms(1'795'420'800'000);  // 2026-11-23 08:00
  const char* const names[] = {"raw-20261123.db", "1m-202611.db", "1h-2026.db"};
  for (const Tier tier : kTiers) {
    const Period period = period_of(tier, slot_of(tier, at));
    const std::string name = names[static_cast<std::size_t>(tier)];
    EXPECT_EQ(file_name(tier, period), name);
    EXPECT_EQ(parse_file_name(name), (FileName{tier, period}));
  }
  for (const char* name :
       {"raw-20261123.db-wal", "raw-20261123.db.damaged", "raw-2026112.db", "raw-20261332.db", "raw-20260231.db",
        "raw-+0261123.db", "raw-202611.db", "1m-202613.db", "1m-20261123.db", "1m-196912.db", "1h-202611.db",
        "1h-20 6.db", "1d-2026.db", "1m202611.db", "raw-.db", "live.db", ".db", ""}) {
    EXPECT_EQ(parse_file_name(name), std::nullopt) << name;
  }
}

TEST(ChunkKey, SlotsOfEveryPeriodFollowEachOtherAndFitTheKey) {
  for (const Tier tier : kTiers) {
    const Period last = period_of(tier, slot_of(tier, kEndInstant - units::Milliseconds{1}));
    for (Period period = 0; period <= last; ++period) {
      const Slot first = first_slot(tier, period), end = first_slot(tier, period + 1);
      ASSERT_EQ(period_of(tier, first), period);
      ASSERT_EQ(period_of(tier, end - 1), period);
      ASSERT_LE(end - first, std::int64_t{1} << 17);
      ASSERT_EQ(first % slots_per_next(tier), 0) << "what the next tier builds from lies in one file";
      ASSERT_EQ(parse_file_name(file_name(tier, period)), (FileName{tier, period}));
      ASSERT_EQ(unpack(pack(key_of(tier, HostNumber{3}, end - 1, 2, 1))), key_of(tier, HostNumber{3}, end - 1, 2, 1));
    }
  }
}

}  // namespace
}  // namespace vedette::history
