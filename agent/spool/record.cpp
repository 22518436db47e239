#include "agent/spool/record.h"

#include <zlib.h>

#include <algorithm>

#include "schema/units/bytes.h"

namespace vedette::spool {
namespace {

constexpr std::uint8_t kMarker = 0xd6;
constexpr int kCheckSize = 4;
constexpr std::size_t kSearch = 16;  // times the file's size

std::uint32_t check_sum(std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, bytes.data(), bytes.size()));
}

}  // namespace

void put_record(std::string& out, std::uint8_t type, std::string_view body) {
  out.push_back(static_cast<char>(kMarker));
  const std::size_t start = out.size();
  out.push_back(static_cast<char>(type));
  units::put_varint(out, body.size());
  out += body;
  units::put_fixed(out, check_sum(units::as_bytes(out).subspan(start)), kCheckSize);
}

RecordReader::RecordReader(std::span<const std::uint8_t> bytes, std::size_t from) noexcept
    : bytes_(bytes), at_(from), budget_(kSearch * bytes.size()) {}

/// The record that begins at `at_`, if there is a whole one.
std::optional<Record> RecordReader::whole() {
  units::ByteReader in(bytes_.subspan(at_));
  if (in.byte() != kMarker) return std::nullopt;
  const auto type = in.byte();
  const auto length = in.varint();
  if (!type || !length || *length > kMostBody) return std::nullopt;
  const auto body = in.take(static_cast<std::size_t>(*length));
  if (!body) return std::nullopt;
  const auto summed = bytes_.subspan(at_ + 1, in.position() - 1);
  const auto sum = in.fixed(kCheckSize);
  if (!sum) return std::nullopt;
  if (*sum != check_sum(summed)) {
    budget_ -= std::min(budget_, summed.size());
    return std::nullopt;
  }
  Record record{.type = *type, .body = *body, .at = at_};
  at_ += in.position();
  return record;
}

std::optional<Record> RecordReader::next() {
  const std::size_t before = damaged_;
  while (at_ < bytes_.size()) {
    if (auto record = whole()) {
      record->after_damage = damaged_ > before;
      return record;
    }
    const std::size_t step = budget_ == 0 ? bytes_.size() - at_ : 1;
    at_ += step;
    damaged_ += step;
  }
  return std::nullopt;
}

}  // namespace vedette::spool
