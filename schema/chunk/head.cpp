#include "schema/chunk/head.h"

#include <limits>

#include "schema/chunk/column.h"
#include "schema/units/bytes.h"

namespace vedette::chunk {
namespace {

using units::ByteReader;
using units::ErrorCode;
using units::fail;
using units::Result;

constexpr std::size_t kCheckSize = 4;

std::unexpected<units::Error> corrupt(const char* what) {
  return fail(ErrorCode::corrupt, std::string("chunk: ") + what);
}

std::unexpected<units::Error> over(const char* what, std::uint64_t count, std::size_t limit) {
  return fail(ErrorCode::too_large,
              "chunk: " + std::to_string(count) + " " + what + " are over the limit of " + std::to_string(limit));
}

Result<void> read_directory(ByteReader& in, std::uint64_t count, Head& head, std::size_t& total) {
  head.columns.reserve(count);
  std::uint64_t id = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto gap = in.varint();
    const auto length = in.varint();
    if (!gap || !length || *length > in.remaining()) return corrupt("directory is cut off");
    if (*gap > std::numeric_limits<std::uint32_t>::max()) return corrupt("column id is too large");
    id += *gap + (i > 0 ? 1 : 0);
    total += *length;
    if (id > std::numeric_limits<std::uint32_t>::max()) return corrupt("column id is too large");
    head.columns.push_back({static_cast<std::uint32_t>(id), *length});
  }
  return {};
}

}  // namespace

void put_head(std::string& out, std::uint8_t version, const Extent& extent, const std::string& times,
              std::span<const Place> columns) {
  const std::size_t start = out.size();
  out.push_back(static_cast<char>(version));
  units::put_varint(out, extent.ticks);
  units::put_signed(out, extent.first);
  units::put_varint(out, static_cast<std::uint64_t>(units::wrapping_sub(extent.last, extent.first)));
  units::put_varint(out, times.size());
  out += times;
  units::put_varint(out, columns.size());
  std::uint32_t next = 0;
  for (const Place& column : columns) {
    units::put_varint(out, column.id - next);
    units::put_varint(out, column.length);
    next = column.id + 1;
  }
  put_check(out, start);
}

Result<Head> read_head(std::span<const std::uint8_t> bytes, const Limits& limits) {
  if (bytes.empty()) return corrupt("is empty");
  if (bytes[0] < kBlocksOnly || bytes[0] > kNewest) {
    return fail(ErrorCode::version, "chunk: has version " + std::to_string(bytes[0]) +
                                        ", this program reads versions 1 to " + std::to_string(kNewest));
  }
  ByteReader in(bytes.subspan(1));
  const auto ticks = in.varint();
  const auto first = in.signed_varint();
  const auto span = in.varint();
  const auto times_length = in.varint();
  const auto times = times_length ? in.take(*times_length) : std::nullopt;
  const auto count = times ? in.varint() : std::nullopt;
  if (!count) return corrupt("head is cut off");
  if (*ticks > limits.ticks) return over("ticks", *ticks, limits.ticks);
  if (*count > limits.columns) return over("columns", *count, limits.columns);
  // Two bytes a column in the directory, so their count can't outgrow the input.
  if (*count > in.remaining() / 2) return corrupt("directory is cut off");
  Head head{bytes[0], {*first, units::wrapping_add(*first, static_cast<std::int64_t>(*span)), *ticks}, *times, {}, {}};
  std::size_t total = 0;
  if (auto ok = read_directory(in, *count, head, total); !ok) return std::unexpected(ok.error());
  auto checked = bytes.first(1 + in.position() + std::min(kCheckSize, in.remaining()));
  if (!in.take(kCheckSize) || !check(checked)) return corrupt("check sum of the head does not fit");
  if (total != in.remaining() || head.extent.last < head.extent.first) return corrupt("head contradicts itself");
  head.bodies = in.rest();
  return head;
}

}  // namespace vedette::chunk
