#include "server/history/ahead.h"

#include <optional>

#include "schema/units/bytes.h"

namespace vedette::history {

using units::ErrorCode;
using units::Result;

namespace {

constexpr char kVersion = 1;

/// A batch without its ticks, and what is written of them.
struct Head {
  domain::Batch batch;
  std::uint64_t count = 0;
  Bytes packed;
};

std::optional<Head> read_head(units::ByteReader& in) {
  const auto host = in.varint();
  const auto stream = host ? in.fixed(8) : std::nullopt;
  const auto first = stream ? in.varint() : std::nullopt;
  const auto count = first ? in.varint() : std::nullopt;
  const auto length = count ? in.varint() : std::nullopt;
  const auto packed = length ? in.take(*length) : std::nullopt;
  if (!packed || *host > UINT32_MAX) return std::nullopt;
  Head head;
  head.batch.host = static_cast<domain::HostNumber>(*host);
  head.batch.stream = *stream;
  head.batch.first = *first;
  head.count = *count;
  head.packed = *packed;
  return head;
}

Result<void> read_ticks(Bytes packed, std::uint64_t count, domain::Batch& batch) {
  PackedReader reader(packed);
  for (;;) {
    auto more = reader.next();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) break;
    batch.ticks.push_back(reader.tick());
  }
  if (batch.ticks.size() != count) return units::fail(ErrorCode::corrupt, "a write-ahead row lacks ticks");
  return {};
}

}  // namespace

Accepted accept(domain::SharedBatch batch, std::size_t skip, std::uint32_t epoch) {
  thread_local TickPacker packer;
  thread_local std::string packed;
  packer.restart();
  packed.clear();
  for (std::size_t n = skip; n < batch->ticks.size(); ++n) packer.append(packed, batch->ticks[n], epoch);
  auto bytes = std::make_shared<std::string>();
  bytes->reserve(packed.size() + 8 + 4 * units::kLongestVarint);
  units::put_varint(*bytes, domain::index(batch->host));
  units::put_fixed(*bytes, batch->stream, 8);
  units::put_varint(*bytes, batch->first + skip);
  units::put_varint(*bytes, batch->ticks.size() - skip);
  units::put_varint(*bytes, packed.size());
  *bytes += packed;
  return {std::move(batch), skip, epoch, std::move(bytes)};
}

std::string encode_row(std::span<const Accepted> batches) {
  std::size_t size = 1;
  for (const Accepted& one : batches) size += one.bytes->size();
  std::string row;
  row.reserve(size);
  row += kVersion;
  for (const Accepted& one : batches) row += *one.bytes;
  return row;
}

Result<std::vector<domain::Batch>> decode_row(Bytes bytes) {
  if (bytes.empty()) return units::fail(ErrorCode::corrupt, "a write-ahead row is empty");
  if (bytes[0] != kVersion) {
    return units::fail(ErrorCode::version, "a write-ahead row of version " + std::to_string(bytes[0]) +
                                               " was written by a newer version; install that one again");
  }
  std::vector<domain::Batch> batches;
  units::ByteReader in(bytes.subspan(1));
  while (in.remaining() > 0) {
    auto head = read_head(in);
    if (!head) return units::fail(ErrorCode::corrupt, "a write-ahead row is damaged");
    domain::Batch& batch = batches.emplace_back(std::move(head->batch));
    if (auto read = read_ticks(head->packed, head->count, batch); !read) return std::unexpected(read.error());
  }
  return batches;
}

}  // namespace vedette::history
