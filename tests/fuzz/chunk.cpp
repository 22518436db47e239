// The chunk codec. The first byte of an input picks what the rest is, because a mutated chunk hardly ever gets past its
// check sums: 0 a chunk; 1 a head without its sum; 2 a column without its sum (two bytes of ticks before it); 3 values
// that have to survive a round trip.
#include "schema/chunk/chunk.h"

#include <algorithm>
#include <cstring>

#include "schema/chunk/column.h"
#include "schema/chunk/head.h"
#include "schema/units/bytes.h"
#include "tests/fuzz/require.h"

namespace vedette::chunk {
namespace {

using fuzz::require;
using Bytes = std::span<const std::uint8_t>;

constexpr Limits kLimits{.ticks = 4'096, .columns = 1'024, .cells = 16'384};

std::string with_check(Bytes bytes) {
  std::string out(bytes.begin(), bytes.end());
  put_check(out, 0);
  return out;
}

void chunk(Bytes bytes) {
  (void)extent(bytes);
  const auto table = decode(bytes, kLimits);
  const std::uint32_t ids[] = {0, 1, 7};
  const auto some = decode_columns(bytes, ids, kLimits);
  if (!table) return;
  require(some.has_value(), "what decodes as a whole decodes in part");
  require(table->times.size() <= kLimits.ticks && table->columns.size() <= kLimits.columns &&
              table->times.size() * table->columns.size() <= kLimits.cells,
          "no result over the limits");
  for (const std::string& written : {encode(*table), encode_dense(*table)}) {
    const auto again = decode(units::as_bytes(written), kLimits);
    require(again && again->times == table->times && again->columns.size() == table->columns.size(),
            "what was decoded can be encoded");
    for (std::size_t i = 0; i < table->columns.size(); ++i) {
      require(again->columns[i].values == table->columns[i].values, "with the same values");
    }
  }
}

void one_column(Bytes bytes) {
  if (bytes.size() < 2) return;
  const std::size_t ticks = (bytes[0] | bytes[1] << 8) % (kLimits.ticks + 1);
  const std::string body = with_check(bytes.subspan(2));
  Column read;
  if (read_column(kBlocksOnly, units::as_bytes(body), ticks, read)) {
    Column newer;
    require(read_column(kNewest, units::as_bytes(body), ticks, newer) && newer.values == read.values,
            "version 2 takes what version 1 takes");
  }
  Column column;
  if (!read_column(kNewest, units::as_bytes(body), ticks, column)) return;
  require(column.values.size() == ticks && (column.present.empty() || column.present.size() == ticks),
          "a value for each tick");
}

void round_trip(Bytes bytes) {
  Table table;
  table.columns.resize(2);
  table.columns[1].id = 1;
  table.columns[1].real = true;
  for (; bytes.size() >= 9; bytes = bytes.subspan(9)) {
    std::int64_t value = 0;
    std::memcpy(&value, bytes.data() + 1, 8);
    value >>= bytes[0] % 64;
    table.times.push_back(value);
    for (Column& one : table.columns) one.values.push_back(value);
    const bool present = bytes[0] < 192;
    table.columns[0].present.push_back(present);
    if (!present) table.columns[0].values.back() = 0;
  }
  if (std::ranges::find(table.columns[0].present, false) == table.columns[0].present.end()) {
    table.columns[0].present.clear();
  }
  for (const std::string& written : {encode(table), encode_dense(table)}) {
    const auto decoded = decode(units::as_bytes(written), kLimits);
    require(decoded.has_value() && decoded->times == table.times, "times survive");
    for (std::size_t i = 0; i < 2; ++i) {
      require(decoded->columns[i].values == table.columns[i].values, "values survive");
      require(decoded->columns[i].present == table.columns[i].present, "presence survives");
    }
  }
}

}  // namespace
}  // namespace vedette::chunk

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette::chunk;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  switch (data[0] % 4) {
    case 0:
      chunk(rest);
      break;
    case 1:
      (void)read_head(vedette::units::as_bytes(with_check(rest)), kLimits);
      chunk(vedette::units::as_bytes(with_check(rest)));
      break;
    case 2:
      one_column(rest);
      break;
    default:
      round_trip(rest);
  }
  return 0;
}
