#include "schema/chunk/coded.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <utility>
#include <vector>

#include "schema/chunk/prefix_code.h"

namespace vedette::chunk {
namespace {

using units::unzigzag;
using units::wrapping_add;
using units::wrapping_sub;
using units::zigzag;

// The upper two bits of the first byte; the lower six are the unit, a power of two that every step is a multiple of.
// Steps are counted in units.
enum Transform : unsigned {
  step = 0,         // zigzag(step)
  bend = 1,         // zigzag(step − step before)
  step_offset = 2,  // step − the smallest step
  level = 3,        // (value − first value) − the smallest such distance
};

// Symbols below this stand for runs of residuals of 0, the others for a residual each.
constexpr unsigned kRuns = 16;

/// What a symbol stands for: `least` and what the bits behind it add.
struct Meaning {
  std::uint64_t least = 0;
  unsigned more = 0;  // bits
};
constexpr std::array<Meaning, kSymbols> kMeanings = [] {
  std::array<Meaning, kSymbols> all{};
  for (unsigned symbol = 0; symbol < kRuns; ++symbol) all[symbol] = {std::uint64_t{1} << symbol, symbol};
  all[kRuns] = {1, 0};
  // Two for each width: the bit below the highest is in the symbol.
  for (unsigned symbol = kRuns + 1; symbol < kSymbols; ++symbol) {
    const unsigned more = (symbol - kRuns - 1) / 2;
    all[symbol] = {(2 + (symbol - kRuns - 1) % 2) * (std::uint64_t{1} << more), more};
  }
  return all;
}();

struct Token {
  std::uint64_t more = 0;  // the bits behind the symbol
  std::uint8_t symbol = 0;
};

std::uint8_t symbol_of(std::uint64_t residual) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(residual));
  if (width == 1) return kRuns;
  return static_cast<std::uint8_t>(kRuns + 1 + 2 * (width - 2) + (residual >> (width - 2) & 1));
}

/// A column on its way to residuals.
struct Steps {
  std::int64_t first = 0;
  std::vector<std::int64_t> steps, levels;  // one for each further value; levels are distances to the first
  unsigned unit = 0;                        // a shift
  std::int64_t lowest_step = 0, lowest_level = 0;
};

Steps steps_of(std::span<const std::int64_t> values) {
  Steps made{.first = values[0], .steps = {}, .levels = {}};
  made.steps.resize(values.size() - 1);
  made.levels.resize(values.size() - 1);
  std::uint64_t all = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    made.steps[i - 1] = wrapping_sub(values[i], values[i - 1]);
    made.levels[i - 1] = wrapping_sub(values[i], values[0]);
    all |= static_cast<std::uint64_t>(made.steps[i - 1]);
  }
  made.unit = all == 0 ? 0 : static_cast<unsigned>(std::countr_zero(all));
  made.lowest_step = std::ranges::min(made.steps);
  made.lowest_level = std::ranges::min(made.levels);
  return made;
}

/// Calls `each(residual)` for every one, or every so many, in order.
void residuals(const Steps& of, Transform transform, std::size_t every, auto&& each) {
  const auto offset = [&](std::int64_t n, std::int64_t lowest) {
    each(static_cast<std::uint64_t>(wrapping_sub(n, lowest)) >> of.unit);
  };
  const std::size_t n = of.steps.size();
  switch (transform) {
    case step:
      for (std::size_t i = 0; i < n; i += every) each(zigzag(of.steps[i] >> of.unit));
      break;
    case bend:
      each(zigzag(of.steps[0] >> of.unit));
      for (std::size_t i = every; i < n; i += every) {
        each(zigzag(wrapping_sub(of.steps[i], of.steps[i - 1]) >> of.unit));
      }
      break;
    case step_offset:
      for (std::size_t i = 0; i < n; i += every) offset(of.steps[i], of.lowest_step);
      break;
    case level:
      for (std::size_t i = 0; i < n; i += every) offset(of.levels[i], of.lowest_level);
      break;
  }
}

/// About how many bits some residuals take: the entropy of their widths, and what is below their highest bits. Some 100
/// of a column tell its transforms apart, and all would cost as much time as the rest of its encoding.
float estimate(const Steps& of, Transform transform) {
  const std::size_t every = of.steps.size() / 100 | 1;
  std::array<std::uint32_t, 65> widths{};
  residuals(of, transform, every, [&](std::uint64_t u) { ++widths[static_cast<std::size_t>(std::bit_width(u))]; });
  float bits = 0;
  const std::size_t looked_at = (of.steps.size() + every - 1) / every;
  const auto all = static_cast<float>(looked_at);
  for (std::size_t width = 0; width < widths.size(); ++width) {
    if (widths[width] == 0) continue;
    const auto many = static_cast<float>(widths[width]);
    bits += many * (std::log2(all / many) + static_cast<float>(width > 0 ? width - 1 : 0));
  }
  return bits;
}

Transform best_transform(const Steps& of) {
  Transform best = step;
  float least = estimate(of, step);
  for (const Transform other : {bend, step_offset, level}) {
    const float bits = estimate(of, other);
    if (bits < least) best = other, least = bits;
  }
  return best;
}

/// Appends residuals as tokens, runs of zeros as one.
class Tokens {
 public:
  explicit Tokens(std::size_t residuals) { tokens_.reserve(residuals); }
  void add(std::uint64_t residual) {
    if (residual == 0) {
      if (++zeros_ == (std::uint64_t{1} << kRuns) - 1) end_run();
      return;
    }
    if (zeros_ > 0) end_run();
    push(symbol_of(residual), residual);
  }
  void finish() {
    if (zeros_ > 0) end_run();
  }
  [[nodiscard]] const SymbolCounts& counts() const { return counts_; }
  [[nodiscard]] const std::vector<Token>& all() const { return tokens_; }

 private:
  void end_run() {
    push(static_cast<std::uint8_t>(std::bit_width(zeros_) - 1), zeros_);
    zeros_ = 0;
  }
  void push(std::uint8_t symbol, std::uint64_t number) {
    ++counts_[symbol];
    tokens_.push_back({number - kMeanings[symbol].least, symbol});
  }

  std::vector<Token> tokens_;
  SymbolCounts counts_{};
  std::uint64_t zeros_ = 0;
};

/// Residuals in `values` become values.
void restore(std::span<std::int64_t> values, Transform transform, unsigned unit, std::int64_t first,
             std::int64_t base) noexcept {
  const auto in_units = [&](std::int64_t n) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(n) << unit);
  };
  const auto signed_units = [&](std::int64_t u) { return in_units(unzigzag(static_cast<std::uint64_t>(u))); };
  std::int64_t at = first, before = 0;
  for (std::int64_t& value : values) {
    switch (transform) {
      case step:
        at = wrapping_add(at, signed_units(value));
        break;
      case bend:
        before = wrapping_add(before, signed_units(value));
        at = wrapping_add(at, before);
        break;
      case step_offset:
        at = wrapping_add(at, in_units(wrapping_add(base, value)));
        break;
      case level:
        at = wrapping_add(first, in_units(wrapping_add(base, value)));
        break;
    }
    value = at;
  }
}

bool get_tokens(BitReader& bits, std::span<std::int64_t> values) noexcept {
  CodeReader code;
  if (!code.read_lengths(bits)) return false;
  for (std::size_t i = 0; i < values.size();) {
    const std::uint8_t symbol = code.next(bits);
    const auto [least, more] = kMeanings[symbol];
    const std::uint64_t number = least + bits.get(more);
    if (symbol >= kRuns) {
      values[i++] = static_cast<std::int64_t>(number);
      continue;
    }
    if (number > values.size() - i) return false;
    std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(i), number, 0);
    i += number;
  }
  return !bits.overrun();
}

}  // namespace

void put_coded(std::string& out, std::span<const std::int64_t> values) {
  const Steps steps = steps_of(values);
  const Transform transform = best_transform(steps);
  units::put_signed(out, steps.first);
  out.push_back(static_cast<char>(transform << 6 | steps.unit));
  if (transform == step_offset) units::put_signed(out, steps.lowest_step >> steps.unit);
  if (transform == level) units::put_signed(out, steps.lowest_level >> steps.unit);
  Tokens tokens(steps.steps.size());
  residuals(steps, transform, 1, [&](std::uint64_t u) { tokens.add(u); });
  tokens.finish();
  BitWriter bits(out);
  CodeWriter code(bits, best_lengths(tokens.counts()));
  for (const auto& [more, symbol] : tokens.all()) {
    code.put(symbol);
    bits.put(more, kMeanings[symbol].more);
  }
  bits.finish();
}

bool get_coded(units::ByteReader& in, std::span<std::int64_t> values) noexcept {
  const auto first = in.signed_varint();
  const auto form = in.byte();
  if (!first || !form) return false;
  const auto transform = static_cast<Transform>(*form >> 6);
  const auto base = transform == step_offset || transform == level ? in.signed_varint() : 0;
  if (!base) return false;
  BitReader bits(in.rest());
  values[0] = *first;
  const auto others = values.subspan(1);
  if (!get_tokens(bits, others) || !in.take(bits.bytes_read())) return false;
  restore(others, transform, *form & 63, *first, *base);
  return true;
}

}  // namespace vedette::chunk
