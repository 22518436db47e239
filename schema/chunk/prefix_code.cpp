#include "schema/chunk/prefix_code.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <ranges>
#include <span>
#include <utility>

#include "schema/units/bytes.h"

namespace vedette::chunk {
namespace {

// What a code takes of all that there is (Kraft's inequality): one of n bits 2^-n.
constexpr std::uint32_t kAll = 1U << kLongestCode;
constexpr std::uint32_t share(unsigned length) noexcept {
  return kAll >> length;
}

constexpr int kFirstBefore = 5;     // what the first length is told against
constexpr unsigned kGapBits = 7;    // of the widest gap, above its highest bit
constexpr unsigned kMostOnes = 10;  // of the widest step between two lengths

/// Huffman's lengths of symbols whose counts ascend: the two lightest trees become one until one is left. Trees are
/// made in the order of their weights, so leaves and trees are two sorted lists.
void grow(std::span<const std::uint32_t> counts, std::span<unsigned> lengths) {
  const std::size_t n = counts.size(), root = 2 * n - 2;
  std::array<std::uint64_t, 2 * kSymbols> weight{};
  std::array<std::size_t, 2 * kSymbols> parent{};
  std::ranges::copy(counts, weight.begin());
  std::size_t leaf = 0, tree = n;
  for (std::size_t made = n; made <= root; ++made) {
    for (int side = 0; side < 2; ++side) {
      const bool is_leaf = leaf < n && (tree == made || weight[leaf] <= weight[tree]);
      const std::size_t taken = is_leaf ? leaf++ : tree++;
      weight[made] += weight[taken];
      parent[taken] = made;
    }
  }
  std::array<unsigned, 2 * kSymbols> depth{};
  for (std::size_t i = root; i-- > 0;) depth[i] = depth[parent[i]] + 1;
  std::copy_n(depth.begin(), n, lengths.begin());
}

/// Cuts the lengths of symbols whose counts ascend off at kLongestCode. The rarest make room for that; what is left of
/// the room goes to the most frequent.
void limit(std::span<unsigned> lengths) {
  std::uint32_t used = 0;
  for (unsigned& length : lengths) {
    length = std::min(length, kLongestCode);
    used += share(length);
  }
  for (unsigned& length : lengths) {
    while (used > kAll && length < kLongestCode) used -= share(++length);
  }
  // Shares come free in halves, so it may have been too much. Whatever is left, a longest code's share fits into it.
  while (used < kAll) {
    for (unsigned& length : std::views::reverse(lengths)) {
      while (used + share(length) <= kAll) used += share(length--);
    }
  }
}

/// Calls `each(symbol, length, code)` for every symbol that has a code, the code's first bit lowest. Codes ascend by
/// length, then symbol (RFC 1951, 3.2.2).
void number(const CodeLengths& lengths, auto&& each) {
  std::array<std::uint32_t, kLongestCode + 1> count{}, next{};
  for (const auto& [symbol, length] : lengths.all()) ++count[length];
  count[0] = 0;
  std::uint32_t code = 0;
  for (unsigned length = 1; length <= kLongestCode; ++length) {
    code = (code + count[length - 1]) << 1;
    next[length] = code;
  }
  for (const auto& [symbol, length] : lengths.all()) {
    std::uint32_t turned = 0;
    for (std::uint32_t bits = next[length]++, left = length; left > 0; --left, bits >>= 1) {
      turned = turned << 1 | (bits & 1);
    }
    each(symbol, length, turned);
  }
}

}  // namespace

CodeLengths best_lengths(const SymbolCounts& counts) {
  CodeLengths lengths;
  for (std::size_t symbol = 0; symbol < kSymbols; ++symbol) {
    if (counts[symbol] > 0) lengths.list[lengths.count++].symbol = static_cast<std::uint8_t>(symbol);
  }
  const std::size_t n = lengths.count;
  std::array<std::uint8_t, kSymbols> order{};  // places in the list, the rarest symbol's first
  std::iota(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n), std::uint8_t{0});
  const auto count_of = [&](std::uint8_t place) { return std::pair(counts[lengths.list[place].symbol], place); };
  std::ranges::sort(std::span(order).first(n), {}, count_of);
  std::array<std::uint32_t, kSymbols> ascending{};
  for (std::size_t i = 0; i < n; ++i) ascending[i] = count_of(order[i]).first;
  std::array<unsigned, kSymbols> bits{};
  grow({ascending.data(), n}, {bits.data(), n});
  limit({bits.data(), n});
  for (std::size_t i = 0; i < n; ++i) lengths.list[order[i]].length = static_cast<std::uint8_t>(bits[i]);
  return lengths;
}

CodeWriter::CodeWriter(BitWriter& out, const CodeLengths& lengths) : out_(out) {
  int before = kFirstBefore;
  std::size_t next = 0;
  for (const auto& [symbol, length] : lengths.all()) {
    const std::uint64_t gap = symbol - next + 1;
    const auto more = static_cast<unsigned>(std::bit_width(gap / 2));
    out.put(std::uint64_t{1} << more, more + 1);
    out.put(gap ^ std::uint64_t{1} << more, more);
    const std::uint64_t step = units::zigzag(length - before);
    out.put((std::uint64_t{1} << step / 2) - 1, static_cast<unsigned>(step / 2 + 1));
    out.put(step % 2, 1);
    next = symbol + std::size_t{1};
    before = length;
  }
  number(lengths, [&](std::uint8_t symbol, std::uint8_t length, std::uint32_t code) {
    codes_[symbol] = {static_cast<std::uint16_t>(code), length};
  });
}

bool CodeReader::read_lengths(BitReader& in) noexcept {
  CodeLengths lengths;
  std::size_t next = 0;
  std::uint32_t used = 0;
  unsigned longest = 0;
  for (std::int64_t length = kFirstBefore; used < kAll;) {
    const auto more = static_cast<unsigned>(std::countr_zero(in.look(kGapBits + 1)));
    if (more > kGapBits) return false;
    in.skip(more + 1);
    const std::size_t symbol = next + (std::size_t{1} << more | in.get(more)) - 1;
    const auto ones = static_cast<unsigned>(std::countr_one(in.look(kMostOnes + 1)));
    if (ones > kMostOnes || symbol >= kSymbols) return false;
    in.skip(ones + 1);
    length += units::unzigzag(2 * ones + in.get(1));
    if (length < 0 || length > kLongestCode) return false;
    lengths.list[lengths.count++] = {static_cast<std::uint8_t>(symbol), static_cast<std::uint8_t>(length)};
    longest = std::max(longest, static_cast<unsigned>(length));
    used += share(static_cast<unsigned>(length));
    next = symbol + 1;
  }
  if (used > kAll) return false;
  fill(lengths, longest);
  return true;
}

void CodeReader::fill(const CodeLengths& lengths, unsigned longest) noexcept {
  const std::size_t size = std::size_t{1} << longest;
  mask_ = size - 1;
  number(lengths, [&](std::uint8_t symbol, std::uint8_t length, std::size_t code) {
    for (; code < size; code += std::size_t{1} << length) table_[code] = {symbol, length};
  });
}

}  // namespace vedette::chunk
