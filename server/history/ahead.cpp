#include "server/history/ahead.h"

namespace vedette::history {

using units::ErrorCode;
using units::Result;

namespace {

constexpr char kVersion = 1;

void write_stream(std::string& out, std::uint64_t stream) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(stream >> shift));
}

bool read_stream(Bytes& rest, std::uint64_t& stream) {
  if (rest.size() < 8) return false;
  stream = 0;
  for (int n = 7; n >= 0; --n) stream = stream << 8 | rest[static_cast<std::size_t>(n)];
  rest = rest.subspan(8);
  return true;
}

bool read_head(Bytes& rest, domain::Batch& batch, std::uint64_t& count, std::uint64_t& length) {
  std::uint64_t host = 0;
  if (!read_varint(rest, host) || host > UINT32_MAX) return false;
  batch.host = static_cast<domain::HostNumber>(host);
  return read_stream(rest, batch.stream) && read_varint(rest, batch.first) && read_varint(rest, count) &&
         read_varint(rest, length) && length <= rest.size();
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

std::string encode_row(std::span<const Accepted> batches) {
  std::string row(1, kVersion);
  for (const auto& [batch, skip, epoch] : batches) {
    PackedTicks packed;
    for (std::size_t n = skip; n < batch->ticks.size(); ++n) packed.append(batch->ticks[n], epoch);
    write_varint(row, domain::index(batch->host));
    write_stream(row, batch->stream);
    write_varint(row, batch->first + skip);
    write_varint(row, packed.count());
    write_varint(row, packed.bytes().size());
    row.append(reinterpret_cast<const char*>(packed.bytes().data()), packed.bytes().size());
  }
  return row;
}

Result<std::vector<domain::Batch>> decode_row(Bytes bytes) {
  if (bytes.empty()) return units::fail(ErrorCode::corrupt, "a write-ahead row is empty");
  if (bytes[0] != kVersion) {
    return units::fail(ErrorCode::version, "a write-ahead row of version " + std::to_string(bytes[0]) +
                                               " was written by a newer version; install that one again");
  }
  std::vector<domain::Batch> batches;
  Bytes rest = bytes.subspan(1);
  while (!rest.empty()) {
    domain::Batch& batch = batches.emplace_back();
    std::uint64_t count = 0, length = 0;
    if (!read_head(rest, batch, count, length)) return units::fail(ErrorCode::corrupt, "a write-ahead row is damaged");
    if (auto read = read_ticks(rest.first(length), count, batch); !read) return std::unexpected(read.error());
    rest = rest.subspan(length);
  }
  return batches;
}

}  // namespace vedette::history
