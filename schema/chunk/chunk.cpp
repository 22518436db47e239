#include "schema/chunk/chunk.h"

#include <algorithm>

#include "schema/chunk/column.h"
#include "schema/chunk/head.h"

namespace vedette::chunk {
namespace {

using units::ByteReader;
using units::ErrorCode;
using units::fail;
using units::Result;

Extent extent_of(std::span<const std::int64_t> times) {
  if (times.empty()) return {};
  const auto [first, last] = std::ranges::minmax(times);
  return {first, last, times.size()};
}

Result<void> read_times(const Head& head, std::vector<std::int64_t>& times) {
  times.resize(head.extent.ticks);
  ByteReader in(head.times);
  if (!get_times(in, head.version, times) || in.remaining() != 0) {
    return fail(ErrorCode::corrupt, "chunk: times are cut off or too many");
  }
  const Extent real = extent_of(times);
  if (real.first != head.extent.first || real.last != head.extent.last) {
    return fail(ErrorCode::corrupt, "chunk: times are not those of the head");
  }
  return {};
}

/// Decodes the columns that `wanted` accepts.
Result<Table> decode_if(std::span<const std::uint8_t> bytes, const Limits& limits, auto&& wanted) {
  const auto head = read_head(bytes, limits);
  if (!head) return std::unexpected(head.error());
  const auto columns =
      static_cast<std::size_t>(std::ranges::count_if(head->columns, [&](const Place& p) { return wanted(p.id); }));
  if (columns > 0 && head->extent.ticks > limits.cells / columns) {
    return fail(ErrorCode::too_large, "chunk: " + std::to_string(head->extent.ticks) + " ticks of " +
                                          std::to_string(columns) + " columns are over the limit of " +
                                          std::to_string(limits.cells) + " cells");
  }
  Table table;
  if (auto ok = read_times(*head, table.times); !ok) return std::unexpected(ok.error());
  table.columns.reserve(columns);
  std::size_t at = 0;
  for (const Place& place : head->columns) {
    const auto body = head->bodies.subspan(at, place.length);
    at += place.length;
    if (!wanted(place.id)) continue;
    Column& column = table.columns.emplace_back();
    column.id = place.id;
    if (auto ok = read_column(head->version, body, head->extent.ticks, column); !ok) {
      return fail(ok.error().code, "chunk: column " + std::to_string(place.id) + ": " + ok.error().message);
    }
  }
  return table;
}

std::string encode_as(std::uint8_t version, const Table& table) {
  std::string times, bodies;
  put_times(times, version, table.times);
  std::vector<Place> places;
  places.reserve(table.columns.size());
  for (const Column& column : table.columns) {
    const std::size_t start = bodies.size();
    put_column(bodies, version, column);
    places.push_back({column.id, bodies.size() - start});
  }
  std::string out;
  put_head(out, version, extent_of(table.times), times, places);
  return out + bodies;
}

}  // namespace

std::string encode(const Table& table) {
  return encode_as(kBlocksOnly, table);
}

std::string encode_dense(const Table& table) {
  return encode_as(kNewest, table);
}

Result<Table> decode(std::span<const std::uint8_t> bytes, const Limits& limits) {
  return decode_if(bytes, limits, [](std::uint32_t) { return true; });
}

Result<Table> decode_columns(std::span<const std::uint8_t> bytes, std::span<const std::uint32_t> ids,
                             const Limits& limits) {
  return decode_if(bytes, limits, [&](std::uint32_t id) { return std::ranges::binary_search(ids, id); });
}

Result<Extent> extent(std::span<const std::uint8_t> bytes) {
  const Limits any{.ticks = SIZE_MAX, .columns = SIZE_MAX, .cells = SIZE_MAX};
  const auto head = read_head(bytes, any);
  if (!head) return std::unexpected(head.error());
  return head->extent;
}

}  // namespace vedette::chunk
