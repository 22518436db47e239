#include "schema/chunk/column.h"

#include <zlib.h>

#include <algorithm>
#include <numeric>

namespace vedette::chunk {
namespace {

using units::ByteReader;
using units::ErrorCode;
using units::fail;
using units::Result;

// A column's first byte.
constexpr std::uint8_t kReal = 1;  // doubles
constexpr std::uint8_t kRuns = 2;  // presence as run lengths: present, absent, present …
constexpr std::uint8_t kBits = 4;  // presence as one bit a tick; neither: all present
constexpr std::size_t kCheckSize = 4;

std::uint32_t crc(std::span<const std::uint8_t> bytes) noexcept {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

std::string as_runs(std::span<const std::uint32_t> runs) {
  std::string out;
  for (const std::uint32_t run : runs) units::put_varint(out, run);
  return out;
}

std::string as_bits(std::span<const std::uint32_t> runs, std::size_t ticks) {
  std::string out((ticks + 7) / 8, '\0');
  std::size_t tick = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    for (const std::size_t end = tick + runs[i]; tick < end; ++tick) {
      if (i % 2 == 0) out[tick / 8] = static_cast<char>(out[tick / 8] | 1 << (tick % 8));
    }
  }
  return out;
}

bool read_runs(ByteReader& in, std::vector<bool>& present) {
  std::size_t tick = 0;
  for (bool is_present = true; tick < present.size(); is_present = !is_present) {
    const auto run = in.varint();
    if (!run || *run > present.size() - tick || (*run == 0 && tick > 0)) return false;
    std::fill_n(present.begin() + static_cast<std::ptrdiff_t>(tick), *run, is_present);
    tick += *run;
    if (*run == 0 && !is_present) return false;
  }
  return true;
}

bool read_bits(ByteReader& in, std::vector<bool>& present) {
  const auto bits = in.take((present.size() + 7) / 8);
  if (!bits) return false;
  for (std::size_t i = 0; i < present.size(); ++i) present[i] = ((*bits)[i / 8] >> (i % 8) & 1) != 0;
  return present.size() % 8 == 0 || bits->back() >> (present.size() % 8) == 0;
}

/// Moves the first values, one a present tick, to their ticks, and zero elsewhere.
void spread(std::vector<std::int64_t>& values, const std::vector<bool>& present, std::size_t count) {
  for (std::size_t i = present.size(); i-- > 0;) values[i] = present[i] ? values[--count] : 0;
}

}  // namespace

void ValueWriter::push(std::int64_t value) {
  if (empty_) {
    empty_ = false;
    state_.value = value;
    if (real_) {
      units::put_fixed(blocks_, static_cast<std::uint64_t>(value), 8);
    } else {
      units::put_signed(blocks_, value);
    }
    return;
  }
  pending_.push_back(value);
  if (pending_.size() < kBlock) return;
  put_block(blocks_, state_);
  pending_.clear();
}

void ValueWriter::put_block(std::string& out, IntegerState& state) const {
  if (real_) {
    put_reals(out, pending_, state.value);
  } else {
    put_integers(out, pending_, state);
  }
}

void ValueWriter::append_to(std::string& out) const {
  out += blocks_;
  IntegerState state = state_;
  if (!pending_.empty()) put_block(out, state);
}

bool get_values(ByteReader& in, bool real, std::span<std::int64_t> values) noexcept {
  if (values.empty()) return true;
  IntegerState state;
  if (real) {
    const auto first = in.fixed(8);
    if (!first) return false;
    state.value = static_cast<std::int64_t>(*first);
  } else {
    const auto first = in.signed_varint();
    if (!first) return false;
    state.value = *first;
  }
  values[0] = state.value;
  for (std::size_t at = 1; at < values.size(); at += kBlock) {
    const auto block = values.subspan(at, std::min(kBlock, values.size() - at));
    if (!(real ? get_reals(in, block, state.value) : get_integers(in, block, state))) return false;
  }
  return true;
}

void ColumnWriter::push(std::int64_t value) {
  values_.push(value);
  add_to_run(true);
}

void ColumnWriter::add_to_run(bool present) {
  if (runs_.empty() && !present) runs_.push_back(0);
  if ((runs_.size() % 2 == 1) != present) runs_.push_back(0);
  ++runs_.back();
}

void ColumnWriter::append_to(std::string& out) const {
  const std::size_t start = out.size();
  const std::uint8_t real = values_.real() ? kReal : 0;
  if (runs_.size() <= 1) {
    out.push_back(static_cast<char>(real));
  } else {
    const std::string runs = as_runs(runs_);
    const std::size_t ticks = std::accumulate(runs_.begin(), runs_.end(), std::size_t{0});
    const bool use_runs = runs.size() <= (ticks + 7) / 8;
    out.push_back(static_cast<char>(real | (use_runs ? kRuns : kBits)));
    out += use_runs ? runs : as_bits(runs_, ticks);
  }
  values_.append_to(out);
  put_check(out, start);
}

Result<void> read_column(std::span<const std::uint8_t> body, std::size_t ticks, bool& real,
                         std::vector<std::int64_t>& values, std::vector<bool>& present) {
  if (!check(body)) return fail(ErrorCode::corrupt, "check sum does not fit");
  ByteReader in(body);
  const auto head = in.byte();
  const std::uint8_t form = head ? *head & ~kReal : 0xff;
  if (form != 0 && form != kRuns && form != kBits) return fail(ErrorCode::corrupt, "first byte is missing or unknown");
  real = (*head & kReal) != 0;
  std::size_t count = ticks;
  if (form != 0) {
    present.assign(ticks, false);
    if (!(form == kRuns ? read_runs(in, present) : read_bits(in, present))) {
      return fail(ErrorCode::corrupt, "list of ticks with a value is cut off or too long");
    }
    count = static_cast<std::size_t>(std::ranges::count(present, true));
  }
  values.assign(ticks, 0);
  if (!get_values(in, real, std::span(values).first(count)) || in.remaining() != 0) {
    return fail(ErrorCode::corrupt, "values are cut off or too many");
  }
  if (count < ticks) {
    spread(values, present, count);
  } else {
    present.clear();
  }
  return {};
}

void put_check(std::string& out, std::size_t start) {
  units::put_fixed(out, crc(units::as_bytes(out).subspan(start)), kCheckSize);
}

bool check(std::span<const std::uint8_t>& bytes) noexcept {
  if (bytes.size() < kCheckSize) return false;
  const auto content = bytes.first(bytes.size() - kCheckSize);
  ByteReader tail(bytes.last(kCheckSize));
  bytes = content;
  return tail.fixed(kCheckSize) == crc(content);
}

}  // namespace vedette::chunk
