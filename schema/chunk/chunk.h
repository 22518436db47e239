// The columnar codec: ticks of one host as compressed columns. Stored chunks, the agent's spool and backfill use it.
//
// Bitwise exact for every 64-bit value (NaN payloads, infinities, −0.0). In version 1 each column is cut into blocks of
// 64 values, written in whichever of a few forms is smallest; doubles are XOR-coded. In version 2 a column of integers
// may be written in one prefix code instead. The first byte is the version; head and columns carry check sums of their
// own. docs/chunk-format.md has the grammar.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/result.h"

namespace vedette::chunk {

/// One series' values for all ticks of a table. Rows where `present` is false have no value there.
struct Column {
  std::uint32_t id = 0;              ///< the caller's number for the series; ascending within a table
  bool real = false;                 ///< values are doubles' bit patterns, not integers
  std::vector<std::int64_t> values;  ///< one a tick; 0 where absent
  std::vector<bool> present;         ///< one a tick; empty means all present
};

/// Ticks in ascending or any order: order is kept. Times are Unix milliseconds.
struct Table {
  std::vector<std::int64_t> times;
  std::vector<Column> columns;
};

/// What decoding may cost at most; hostile input is refused before memory is taken.
struct Limits {
  std::size_t ticks = 131'072;
  std::size_t columns = 131'072;
  std::size_t cells = 131'072;  ///< ticks × columns
};

/// Version 1, which every agent and collector reads: for what is sent and spooled. Precondition: every column has as
/// many values as there are times, ids ascend.
[[nodiscard]] std::string encode(const Table& table);

/// Version 2: for what is kept. A third smaller for 600 ticks of host metrics, no larger for a few ticks. Same
/// precondition.
[[nodiscard]] std::string encode_dense(const Table& table);

/// The whole table, of either version. `version` for another first byte, `corrupt` for bytes that don't follow the
/// grammar or whose check sums don't fit, `too_large` over a limit. `present` of a column without absent cells comes
/// back empty.
[[nodiscard]] units::Result<Table> decode(std::span<const std::uint8_t> bytes, const Limits& limits);

/// Only the columns whose ids are asked for (ascending); others are skipped without being looked at, so neither damage
/// in them nor their cells count.
[[nodiscard]] units::Result<Table> decode_columns(std::span<const std::uint8_t> bytes,
                                                  std::span<const std::uint32_t> ids, const Limits& limits);

/// The earliest and the latest tick time and the number of ticks, from the head alone.
struct Extent {
  std::int64_t first = 0;  ///< ms; 0 without ticks
  std::int64_t last = 0;
  std::size_t ticks = 0;
};
[[nodiscard]] units::Result<Extent> extent(std::span<const std::uint8_t> bytes);

}  // namespace vedette::chunk
