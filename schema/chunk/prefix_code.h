// A canonical prefix code (Huffman's, of at most 10 bits a symbol), and how it stands before what is written in it.
// Private to schema/chunk; docs/chunk-format.md has the grammar.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "schema/chunk/bits.h"

namespace vedette::chunk {

inline constexpr std::size_t kSymbols = 143;
inline constexpr unsigned kLongestCode = 10;

/// How often each symbol occurs.
using SymbolCounts = std::array<std::uint32_t, kSymbols>;

/// How many bits the symbols that occur take; symbols ascend.
struct CodeLengths {
  struct Each {
    std::uint8_t symbol = 0;
    std::uint8_t length = 0;  ///< 1 to kLongestCode; 0 of a symbol that is the only one
  };
  [[nodiscard]] std::span<const Each> all() const noexcept { return {list.data(), count}; }

  std::array<Each, kSymbols> list;
  std::size_t count = 0;
};

/// The lengths that take the fewest bits, or nearly so where the longest has to be cut off. Precondition: some count
/// isn't 0.
[[nodiscard]] CodeLengths best_lengths(const SymbolCounts& counts);

/// Writes the lengths, then symbols.
class CodeWriter {
 public:
  CodeWriter(BitWriter& out, const CodeLengths& lengths);
  /// One of those that have a length.
  void put(std::uint8_t symbol) { out_.put(codes_[symbol].bits, codes_[symbol].length); }

 private:
  struct Code {
    std::uint16_t bits, length;  // the first bit lowest
  };
  BitWriter& out_;
  std::array<Code, kSymbols> codes_;
};

/// Reads the lengths, then symbols.
class CodeReader {
 public:
  /// False if the lengths don't make a whole code.
  [[nodiscard]] bool read_lengths(BitReader& in) noexcept;
  /// After read_lengths(). Past the end of the bits, any symbol.
  [[nodiscard]] std::uint8_t next(BitReader& in) const noexcept {
    const CodeLengths::Each entry = table_[in.look(kLongestCode) & mask_];
    in.skip(entry.length);
    return entry.symbol;
  }

 private:
  void fill(const CodeLengths& lengths, unsigned longest) noexcept;

  std::uint64_t mask_ = 0;
  std::array<CodeLengths::Each, std::size_t{1} << kLongestCode>
      table_;  ///< by the next bits, as many as the longest code has
};

}  // namespace vedette::chunk
