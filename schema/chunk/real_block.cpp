#include <algorithm>
#include <bit>

#include "schema/chunk/bits.h"
#include "schema/chunk/block.h"

namespace vedette::chunk {
namespace {

// A block's first byte.
enum Form : std::uint8_t {
  same = 0,   // every value equals the last of the block before
  xored = 1,  // Pelkonen et al., "Gorilla", VLDB 2015, 4.1.2
  raw = 2,    // 64 bits each
};

constexpr unsigned kLeadingBits = 5, kWidthBits = 6, kMaxLeading = 31;

/// Where a value's XOR with the one before has its bits that matter.
struct Window {
  unsigned leading = 0, width = 0;  // width 0: none yet in this block
};

void put_xored(BitWriter& bits, std::uint64_t difference, Window& window) {
  if (difference == 0) return bits.put(0, 1);
  const unsigned leading = std::min(static_cast<unsigned>(std::countl_zero(difference)), kMaxLeading);
  const auto trailing = static_cast<unsigned>(std::countr_zero(difference));
  const unsigned window_trailing = 64 - window.leading - window.width;
  const unsigned own_width = 64 - leading - trailing;
  const bool fits = window.width > 0 && leading >= window.leading && trailing >= window_trailing;
  if (fits && window.width <= own_width + kLeadingBits + kWidthBits) {
    bits.put(0b01, 2);
    return bits.put(difference >> window_trailing, window.width);
  }
  window = {leading, own_width};
  bits.put(0b11, 2);
  bits.put(leading, kLeadingBits);
  bits.put(own_width - 1, kWidthBits);
  bits.put(difference >> trailing, own_width);
}

/// False if the window doesn't lie within 64 bits or is reused before one was given.
bool get_xored(BitReader& bits, std::uint64_t& difference, Window& window) noexcept {
  difference = 0;
  if (bits.get(1) == 0) return true;
  if (bits.get(1) == 1) {
    window.leading = static_cast<unsigned>(bits.get(kLeadingBits));
    window.width = static_cast<unsigned>(bits.get(kWidthBits)) + 1;
  }
  if (window.width == 0 || window.leading + window.width > 64) return false;
  difference = bits.get(window.width) << (64 - window.leading - window.width);
  return true;
}

}  // namespace

void put_reals(std::string& out, std::span<const std::int64_t> values, std::int64_t& state) {
  if (std::ranges::all_of(values, [&](std::int64_t value) { return value == state; })) return out.push_back(same);
  const std::size_t start = out.size();
  out.push_back(xored);
  BitWriter bits(out);
  Window window;
  std::int64_t before = state;
  for (const std::int64_t value : values) {
    put_xored(bits, static_cast<std::uint64_t>(value ^ before), window);
    before = value;
  }
  bits.finish();
  if (out.size() > start + 1 + values.size() * 8) {
    out.resize(start);
    out.push_back(raw);
    for (const std::int64_t value : values) units::put_fixed(out, static_cast<std::uint64_t>(value), 8);
  }
  state = before;
}

bool get_reals(units::ByteReader& in, std::span<std::int64_t> values, std::int64_t& state) noexcept {
  const auto form = in.byte();
  if (!form || *form > raw) return false;
  if (*form == same) {
    std::ranges::fill(values, state);
    return true;
  }
  BitReader bits(in.rest());
  Window window;
  std::int64_t before = state;
  for (std::int64_t& value : values) {
    std::uint64_t difference = 0;
    if (*form == raw) {
      before = static_cast<std::int64_t>(bits.get(64));
    } else {
      if (!get_xored(bits, difference, window)) return false;
      before ^= static_cast<std::int64_t>(difference);
    }
    value = before;
  }
  state = before;
  return !bits.overrun() && in.take(bits.bytes_read()).has_value();
}

}  // namespace vedette::chunk
