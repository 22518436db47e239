#include "schema/chunk/column.h"

#include <zlib.h>

#include <algorithm>
#include <vector>

#include "schema/chunk/block.h"
#include "schema/chunk/coded.h"

namespace vedette::chunk {
namespace {

using units::ByteReader;
using units::ErrorCode;
using units::fail;
using units::Result;

// A column's first byte.
constexpr std::uint8_t kReal = 1;   // doubles
constexpr std::uint8_t kRuns = 2;   // presence as run lengths: present, absent, present …
constexpr std::uint8_t kBits = 4;   // presence as one bit a tick; neither: all present
constexpr std::uint8_t kCoded = 8;  // integers in one prefix code, from version 2 on; without: in blocks
constexpr std::size_t kCheckSize = 4;

// A code's lengths take 5 to 20 bytes, which short columns may not earn back: those are written both ways, and the
// smaller is taken.
constexpr std::size_t kWriteBothWays = 256;

std::uint32_t crc(std::span<const std::uint8_t> bytes) noexcept {
  return static_cast<std::uint32_t>(crc32_z(0, bytes.data(), bytes.size()));
}

std::string as_runs(const std::vector<bool>& present) {
  std::string out;
  bool run_of = true;
  for (auto at = present.begin(); at != present.end(); run_of = !run_of) {
    const auto end = std::find(at, present.end(), !run_of);
    units::put_varint(out, static_cast<std::uint64_t>(end - at));
    at = end;
  }
  return out;
}

std::string as_bits(const std::vector<bool>& present) {
  std::string out((present.size() + 7) / 8, '\0');
  for (std::size_t tick = 0; tick < present.size(); ++tick) {
    if (present[tick]) out[tick / 8] = static_cast<char>(out[tick / 8] | 1 << (tick % 8));
  }
  return out;
}

/// Appends what is shorter and returns its bit of the form.
std::uint8_t put_presence(std::string& out, const std::vector<bool>& present) {
  const std::string runs = as_runs(present);
  const bool use_runs = runs.size() <= (present.size() + 7) / 8;
  out += use_runs ? runs : as_bits(present);
  return use_runs ? kRuns : kBits;
}

bool is_form(std::uint8_t form, std::uint8_t version) noexcept {
  const std::uint8_t presence = form & (kRuns | kBits), values = form & (kReal | kCoded);
  return (form & ~(kReal | kRuns | kBits | kCoded)) == 0 && presence != (kRuns | kBits) && values != (kReal | kCoded) &&
         (values != kCoded || version > kBlocksOnly);
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

/// The first value, then blocks of the others.
void put_blocks(std::string& out, bool real, std::span<const std::int64_t> values) {
  if (values.empty()) return;
  IntegerState state{values[0], 0};
  if (real) {
    units::put_fixed(out, static_cast<std::uint64_t>(values[0]), 8);
  } else {
    units::put_signed(out, values[0]);
  }
  for (std::size_t at = 1; at < values.size(); at += kBlock) {
    const auto block = values.subspan(at, std::min(kBlock, values.size() - at));
    if (real) {
      put_reals(out, block, state.value);
    } else {
      put_integers(out, block, state);
    }
  }
}

bool get_blocks(ByteReader& in, bool real, std::span<std::int64_t> values) noexcept {
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

/// Appends the integers in whichever way is smaller and returns its bit of the form.
std::uint8_t put_integers_smallest(std::string& out, std::span<const std::int64_t> values) {
  if (values.size() < 2) {
    put_blocks(out, false, values);
    return 0;
  }
  const std::size_t start = out.size();
  put_coded(out, values);
  if (values.size() > kWriteBothWays) return kCoded;
  std::string blocks;
  put_blocks(blocks, false, values);
  if (blocks.size() > out.size() - start) return kCoded;
  out.replace(start, std::string::npos, blocks);
  return 0;
}

bool get_values(ByteReader& in, std::uint8_t form, std::span<std::int64_t> values) noexcept {
  if ((form & kCoded) == 0) return get_blocks(in, (form & kReal) != 0, values);
  return values.size() >= 2 && get_coded(in, values);
}

}  // namespace

void put_times(std::string& out, std::uint8_t version, std::span<const std::int64_t> times) {
  if (version == kBlocksOnly) return put_blocks(out, false, times);
  const std::size_t form = out.size();
  out.push_back(0);
  out[form] = put_integers_smallest(out, times);
}

bool get_times(ByteReader& in, std::uint8_t version, std::span<std::int64_t> times) noexcept {
  if (version == kBlocksOnly) return get_blocks(in, false, times);
  const auto form = in.byte();
  return form && (*form & ~kCoded) == 0 && get_values(in, *form, times);
}

void put_column(std::string& out, std::uint8_t version, const Column& column) {
  const std::size_t start = out.size();
  std::uint8_t form = column.real ? kReal : 0;
  out.push_back(0);
  std::vector<std::int64_t> gathered;
  std::span<const std::int64_t> values = column.values;
  if (std::ranges::find(column.present, false) != column.present.end()) {
    form |= put_presence(out, column.present);
    for (std::size_t i = 0; i < column.present.size(); ++i) {
      if (column.present[i]) gathered.push_back(column.values[i]);
    }
    values = gathered;
  }
  if (version == kBlocksOnly || column.real) {
    put_blocks(out, column.real, values);
  } else {
    form |= put_integers_smallest(out, values);
  }
  out[start] = static_cast<char>(form);
  put_check(out, start);
}

Result<void> read_column(std::uint8_t version, std::span<const std::uint8_t> body, std::size_t ticks, Column& column) {
  if (!check(body)) return fail(ErrorCode::corrupt, "check sum does not fit");
  ByteReader in(body);
  const auto form = in.byte();
  if (!form || !is_form(*form, version)) return fail(ErrorCode::corrupt, "first byte is missing or unknown");
  column.real = (*form & kReal) != 0;
  std::size_t count = ticks;
  if ((*form & (kRuns | kBits)) != 0) {
    column.present.assign(ticks, false);
    if (!((*form & kRuns) != 0 ? read_runs(in, column.present) : read_bits(in, column.present))) {
      return fail(ErrorCode::corrupt, "list of ticks with a value is cut off or too long");
    }
    count = static_cast<std::size_t>(std::ranges::count(column.present, true));
  }
  column.values.assign(ticks, 0);
  if (!get_values(in, *form, std::span(column.values).first(count)) || in.remaining() != 0) {
    return fail(ErrorCode::corrupt, "values are cut off or too many");
  }
  if (count < ticks) {
    spread(column.values, column.present, count);
  } else {
    column.present.clear();
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
