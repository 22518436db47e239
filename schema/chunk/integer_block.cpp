#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <optional>

#include "schema/chunk/bits.h"
#include "schema/chunk/block.h"

namespace vedette::chunk {
namespace {

using units::unzigzag;
using units::wrapping_add;
using units::wrapping_sub;
using units::zigzag;

// A block's first byte: the transform in the upper two bits; in the lower six 0–31 a Rice parameter, 32–63 a place in
// kWidths.
enum Transform : unsigned {
  step = 0,         // zigzag(value − value before)
  bend = 1,         // zigzag(step − step before)
  step_offset = 2,  // step − the smallest step, which stands before the bits
  level = 3,        // value − (value before the block + the smallest such distance, which stands before the bits)
};
constexpr unsigned kPacked = 32;
constexpr std::array<std::uint8_t, 32> kWidths = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                                                  16, 17, 18, 19, 20, 21, 22, 23, 24, 28, 32, 36, 40, 48, 56, 64};
// A quotient of 16 or more is written as 16 ones, the width less one in 6 bits and the whole residual in that many.
constexpr unsigned kEscape = 16, kWidthBits = 6;
constexpr unsigned kMaxRice = 31;

using Residuals = std::array<std::uint64_t, kBlock>;

/// One way to write a block, and how many bits that takes.
struct Plan {
  Transform transform = step;
  unsigned parameter = 0;  // lower six bits of the first byte
  std::uint64_t bits = std::numeric_limits<std::uint64_t>::max();
};

unsigned width(std::uint64_t n) noexcept {
  return static_cast<unsigned>(std::bit_width(n));
}

unsigned width_index(unsigned bits) noexcept {
  return static_cast<unsigned>(std::ranges::lower_bound(kWidths, bits) - kWidths.begin());
}

/// Bits of all residuals Rice-coded with parameter k; exact but for escapes, which count as the widest one.
std::uint64_t rice_bits(std::span<const std::uint64_t> residuals, unsigned k, unsigned widest) noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t u : residuals) {
    const std::uint64_t quotient = u >> k;
    total += quotient < kEscape ? quotient + 1 + k : kEscape + kWidthBits + widest;
  }
  return total;
}

/// The better of packing and Rice for these residuals, if it beats `best`. `extra` are bits the transform needs itself.
void consider(Plan& best, Transform transform, std::span<const std::uint64_t> residuals, std::uint64_t extra) noexcept {
  std::uint64_t all = 0;
  std::uint64_t widths = 0;
  for (const std::uint64_t u : residuals) {
    all |= u;
    widths += width(u);
  }
  const unsigned widest = width(all), index = width_index(widest);
  const std::uint64_t packed = extra + residuals.size() * kWidths[index];
  if (packed < best.bits) best = {transform, kPacked + index, packed};
  // No Rice code can take less than its stop bit each plus most of the numbers' own bits.
  if (extra + residuals.size() + (widths - std::min<std::uint64_t>(widths, residuals.size())) / 2 >= best.bits) return;
  unsigned k = std::min(static_cast<unsigned>(widths / residuals.size()), kMaxRice);
  std::uint64_t bits = rice_bits(residuals, k, widest);
  for (; k > 0; --k) {
    const std::uint64_t lower = rice_bits(residuals, k - 1, widest);
    if (lower >= bits) break;
    bits = lower;
  }
  if (extra + bits < best.bits) best = {transform, k, extra + bits};
}

void subtract(std::span<const std::int64_t> from, std::int64_t base, Residuals& out) noexcept {
  for (std::size_t i = 0; i < from.size(); ++i) out[i] = static_cast<std::uint64_t>(wrapping_sub(from[i], base));
}

std::uint64_t varint_bits(std::int64_t n) noexcept {
  return 8 * ((std::max(width(zigzag(n)), 1U) + 6) / 7);
}

void write(std::string& out, const Plan& plan, std::span<const std::uint64_t> residuals) {
  BitWriter bits(out);
  if (plan.parameter >= kPacked) {
    for (const std::uint64_t u : residuals) bits.put(u, kWidths[plan.parameter - kPacked]);
    return bits.finish();
  }
  const unsigned k = plan.parameter;
  for (const std::uint64_t u : residuals) {
    const std::uint64_t quotient = u >> k;
    if (quotient < kEscape) {
      bits.put((std::uint64_t{1} << quotient) - 1, static_cast<unsigned>(quotient) + 1);
      bits.put(u & ((std::uint64_t{1} << k) - 1), k);
    } else {
      bits.put((std::uint64_t{1} << kEscape) - 1, kEscape);
      bits.put(width(u) - 1, kWidthBits);
      bits.put(u, width(u));
    }
  }
  bits.finish();
}

std::uint64_t read_rice(BitReader& bits, unsigned k) noexcept {
  // Quotient, stop bit and remainder are at most 48 bits: one look is enough.
  const std::uint64_t next = bits.look(kEscape + 1 + k);
  const auto quotient = static_cast<unsigned>(std::countr_one(next));
  if (quotient < kEscape) {
    bits.skip(quotient + 1 + k);
    return (static_cast<std::uint64_t>(quotient) << k) | (next >> (quotient + 1) & ((std::uint64_t{1} << k) - 1));
  }
  bits.skip(kEscape);
  const auto count = static_cast<unsigned>(bits.get(kWidthBits)) + 1;
  return bits.get(count);
}

/// Turns residuals in `values` into values. `next_step(u, step before)` gives a value's distance to the one before.
IntegerState sum_up(std::span<std::int64_t> values, IntegerState at, auto&& next_step) noexcept {
  for (std::int64_t& value : values) {
    at.step = next_step(value, at.step);
    at.value = wrapping_add(at.value, at.step);
    value = at.value;
  }
  return at;
}

void restore(std::span<std::int64_t> values, Transform transform, std::int64_t base, IntegerState& state) noexcept {
  const auto plain = [](std::int64_t u) { return unzigzag(static_cast<std::uint64_t>(u)); };
  switch (transform) {
    case step:
      state = sum_up(values, state, [&](std::int64_t u, std::int64_t) { return plain(u); });
      break;
    case bend:
      state =
          sum_up(values, state, [&](std::int64_t u, std::int64_t before) { return wrapping_add(before, plain(u)); });
      break;
    case step_offset:
      state = sum_up(values, state, [&](std::int64_t u, std::int64_t) { return wrapping_add(base, u); });
      break;
    case level:
      base = wrapping_add(base, state.value);
      for (std::int64_t& value : values) value = wrapping_add(base, value);
      state.step = wrapping_sub(values.back(), values.size() > 1 ? values[values.size() - 2] : state.value);
      state.value = values.back();
      break;
  }
}

}  // namespace

void put_integers(std::string& out, std::span<const std::int64_t> values, IntegerState& state) {
  const std::size_t n = values.size();
  std::array<std::int64_t, kBlock> steps, levels;
  std::array<Residuals, 4> residuals;
  IntegerState at = state;
  for (std::size_t i = 0; i < n; ++i) {
    steps[i] = wrapping_sub(values[i], at.value);
    levels[i] = wrapping_sub(values[i], state.value);
    residuals[step][i] = zigzag(steps[i]);
    residuals[bend][i] = zigzag(wrapping_sub(steps[i], at.step));
    at = {values[i], steps[i]};
  }
  const std::int64_t lowest_step = *std::min_element(steps.begin(), steps.begin() + static_cast<std::ptrdiff_t>(n));
  const std::int64_t lowest_level = *std::min_element(levels.begin(), levels.begin() + static_cast<std::ptrdiff_t>(n));
  subtract({steps.data(), n}, lowest_step, residuals[step_offset]);
  subtract({levels.data(), n}, lowest_level, residuals[level]);

  Plan plan;
  consider(plan, bend, {residuals[bend].data(), n}, 0);
  if (plan.bits > 0) {
    consider(plan, step, {residuals[step].data(), n}, 0);
    consider(plan, step_offset, {residuals[step_offset].data(), n}, varint_bits(lowest_step));
    consider(plan, level, {residuals[level].data(), n}, varint_bits(lowest_level));
  }
  out.push_back(static_cast<char>(plan.transform << 6 | plan.parameter));
  if (plan.transform == step_offset) units::put_signed(out, lowest_step);
  if (plan.transform == level) units::put_signed(out, lowest_level);
  write(out, plan, {residuals[plan.transform].data(), n});
  state = at;
}

bool get_integers(units::ByteReader& in, std::span<std::int64_t> values, IntegerState& state) noexcept {
  const auto head = in.byte();
  if (!head) return false;
  const auto transform = static_cast<Transform>(*head >> 6);
  const unsigned parameter = *head & 63;
  std::optional<std::int64_t> base = 0;
  if (transform == step_offset || transform == level) base = in.signed_varint();
  if (!base) return false;
  BitReader bits(in.rest());
  if (parameter >= kPacked) {
    const unsigned count = kWidths[parameter - kPacked];
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(bits.get(count));
  } else {
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(read_rice(bits, parameter));
  }
  if (bits.overrun() || !in.take(bits.bytes_read())) return false;
  restore(values, transform, *base, state);
  return true;
}

}  // namespace vedette::chunk
