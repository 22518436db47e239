#include "schema/wire/tick_codec.h"

#include <bit>

#include "schema/units/bytes.h"

namespace vedette::wire {
namespace {

using units::ByteReader;
using units::ErrorCode;
using units::fail;
using units::Result;

// First byte. docs/wire-protocol.md, "Tick", has the grammar and an example.
constexpr std::uint8_t kFull = 1;    // values stand for themselves, not for differences
constexpr std::uint8_t kLayout = 2;  // which cells are present follows; without it, the same as in the tick before
constexpr std::uint8_t kReals = 4;   // the layout also says which cells are doubles

/// A double's XOR to the one before differs in its high bits: byte-swapped, that is a short varint.
std::uint64_t swapped(std::int64_t a, std::int64_t b) noexcept {
  return __builtin_bswap64(static_cast<std::uint64_t>(a) ^ static_cast<std::uint64_t>(b));
}

void put_bits(std::string& out, std::size_t count, auto&& bit) {
  for (std::size_t i = 0; i < count; i += 8) {
    unsigned byte = 0;
    for (std::size_t k = 0; k < 8 && i + k < count; ++k) byte |= static_cast<unsigned>(bit(i + k)) << k;
    out.push_back(static_cast<char>(byte));
  }
}

bool bit(std::span<const std::uint8_t> bits, std::size_t i) noexcept {
  return (bits[i / 8] >> (i % 8) & 1) != 0;
}

/// No bit set past `count`: encode() never does, and one meaning has one form.
bool clean(std::span<const std::uint8_t> bits, std::size_t count) noexcept {
  return count % 8 == 0 || bits.back() >> (count % 8) == 0;
}

}  // namespace

std::string TickEncoder::encode(const TickRow& row, const std::vector<bool>& reals) {
  const std::size_t count = row.cells.size();
  const bool full = since_full_ < 0 || since_full_ >= kFullTickEvery - 1;
  if (full) state_ = {};
  const auto real = [&](std::size_t i) { return i < reals.size() && reals[i]; };
  TickState next{row.at, 0, row.cells, std::vector<bool>(count)};
  bool any_real = false, same_layout = !full && count == state_.cells.size();
  for (std::size_t i = 0; i < count; ++i) {
    next.real[i] = row.cells[i].present && real(i);
    if (!row.cells[i].present) next.cells[i].bits = 0;
    any_real = any_real || next.real[i];
    same_layout = same_layout && state_.cells[i].present == row.cells[i].present && state_.real[i] == next.real[i];
  }
  std::string out;
  out.push_back(
      static_cast<char>((full ? kFull : 0) | (same_layout ? 0 : kLayout) | (!same_layout && any_real ? kReals : 0)));
  const std::int64_t elapsed = units::wrapping_sub(units::unix_ms(row.at), units::unix_ms(state_.at));
  units::put_signed(out, units::wrapping_sub(elapsed, state_.interval));
  next.interval = full ? 0 : elapsed;
  if (!same_layout) {
    units::put_varint(out, count);
    put_bits(out, count, [&](std::size_t i) { return row.cells[i].present; });
    if (any_real) put_bits(out, count, [&](std::size_t i) { return bool{next.real[i]}; });
  }
  const auto before = [&](std::size_t i) { return i < state_.cells.size() ? state_.cells[i].bits : 0; };
  put_bits(out, count, [&](std::size_t i) { return next.cells[i].present && next.cells[i].bits != before(i); });
  for (std::size_t i = 0; i < count; ++i) {
    const std::int64_t now = next.cells[i].bits, then = before(i);
    if (!next.cells[i].present || now == then) continue;
    units::put_varint(out, next.real[i] ? swapped(now, then) : units::zigzag(units::wrapping_sub(now, then)));
  }
  state_ = std::move(next);
  since_full_ = full ? 0 : since_full_ + 1;
  return out;
}

Result<TickRow> TickDecoder::decode(std::span<const std::uint8_t> bytes, std::size_t series) {
  if (failed_) return fail(ErrorCode::invalid, "tick after one that could not be read");
  failed_ = true;
  ByteReader in(bytes);
  const auto bad = [](const char* what) { return fail(ErrorCode::invalid, std::string("tick: ") + what); };
  const auto head = in.byte();
  if (!head || *head > (kFull | kLayout | kReals)) return bad("first byte is missing or unknown");
  const bool full = (*head & kFull) != 0;
  if (full) state_ = {};
  if (full ? (*head & kLayout) == 0 : !has_full_) return bad("differences, but no full tick came before");
  if ((*head & (kLayout | kReals)) == kReals) return bad("says which cells are doubles without a layout");
  const auto change = in.signed_varint();
  if (!change) return bad("time is cut off");
  const std::int64_t elapsed = units::wrapping_add(state_.interval, *change);
  const std::int64_t at = units::wrapping_add(units::unix_ms(state_.at), elapsed);
  if (at < units::kEarliestMs || at > units::kLatestMs) return bad("time is outside the years 1970 to 9999");
  state_.at = units::from_unix_ms(at);
  state_.interval = full ? 0 : elapsed;
  if ((*head & kLayout) != 0) {
    if (auto ok = read_layout(in, (*head & kReals) != 0, series); !ok) return std::unexpected(ok.error());
  }
  if (auto ok = read_values(in); !ok) return std::unexpected(ok.error());
  has_full_ = true;
  failed_ = false;
  return TickRow{state_.at, state_.cells};
}

Result<void> TickDecoder::read_layout(ByteReader& in, bool reals, std::size_t series) {
  const auto count = in.varint();
  if (!count || *count > series) {
    return fail(ErrorCode::invalid, "tick: has more cells than the " + std::to_string(series) + " announced series");
  }
  const auto present = in.take((*count + 7) / 8);
  const auto real = reals ? in.take((*count + 7) / 8) : std::span<const std::uint8_t>{};
  if (!present || !real || !clean(*present, *count) || (reals && !clean(*real, *count))) {
    return fail(ErrorCode::invalid, "tick: layout is cut off or has bits past its end");
  }
  state_.cells.resize(*count);
  state_.real.assign(*count, false);
  for (std::size_t i = 0; i < *count; ++i) {
    state_.cells[i].present = bit(*present, i);
    if (!state_.cells[i].present) state_.cells[i].bits = 0;
    state_.real[i] = reals && bit(*real, i);
  }
  return {};
}

Result<void> TickDecoder::read_values(ByteReader& in) {
  const std::size_t count = state_.cells.size();
  const auto changed = in.take((count + 7) / 8);
  if (!changed || !clean(*changed, count)) {
    return fail(ErrorCode::invalid, "tick: list of changed cells is cut off or has bits past its end");
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (!bit(*changed, i)) continue;
    metrics::Cell& cell = state_.cells[i];
    const auto difference = in.varint();
    if (!difference || !cell.present) {
      return fail(ErrorCode::invalid, "tick: value " + std::to_string(i) + " is cut off or of an absent cell");
    }
    cell.bits = state_.real[i]
                    ? static_cast<std::int64_t>(__builtin_bswap64(*difference) ^ static_cast<std::uint64_t>(cell.bits))
                    : units::wrapping_add(cell.bits, units::unzigzag(*difference));
  }
  if (in.remaining() != 0) return fail(ErrorCode::invalid, "tick: has bytes past its end");
  return {};
}

}  // namespace vedette::wire
