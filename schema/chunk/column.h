// One column as bytes: which ticks have a value, and the values in blocks. Written value by value, holding at most 64
// raw ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/chunk/block.h"
#include "schema/units/result.h"

namespace vedette::chunk {

/// Integers or doubles' bit patterns, all present. One owner thread.
class ValueWriter {
 public:
  explicit ValueWriter(bool real) : real_(real) {}

  void push(std::int64_t value);
  /// Appends everything pushed so far to `out`; more may be pushed afterwards.
  void append_to(std::string& out) const;
  [[nodiscard]] bool real() const noexcept { return real_; }

 private:
  void put_block(std::string& out, IntegerState& state) const;

  bool real_;
  bool empty_ = true;
  std::string blocks_;  // the first value and all full blocks
  IntegerState state_;  // of the last full block; reals use only `value`
  std::vector<std::int64_t> pending_;
};

/// Reads `values.size()` values that a ValueWriter wrote; false if there aren't as many.
[[nodiscard]] bool get_values(units::ByteReader& in, bool real, std::span<std::int64_t> values) noexcept;

/// A column with presence. One owner thread.
class ColumnWriter {
 public:
  explicit ColumnWriter(bool real) : values_(real) {}

  void push(std::int64_t value);
  void push_absent() { add_to_run(false); }
  /// Appends the whole column with its check sum; more may be pushed afterwards.
  void append_to(std::string& out) const;

 private:
  void add_to_run(bool present);

  ValueWriter values_;
  std::vector<std::uint32_t> runs_;  // ticks present, absent, present … ; the first may be 0
};

/// Reads a whole column of `ticks` ticks; `values` and `present` as in chunk::Column.
[[nodiscard]] units::Result<void> read_column(std::span<const std::uint8_t> body, std::size_t ticks, bool& real,
                                              std::vector<std::int64_t>& values, std::vector<bool>& present);

/// CRC-32 (ISO-HDLC, zlib's) as four bytes, lowest first, of everything in `out` from `start` on.
void put_check(std::string& out, std::size_t start);
/// Splits the check sum off; false if it doesn't fit what is before it.
[[nodiscard]] bool check(std::span<const std::uint8_t>& bytes) noexcept;

}  // namespace vedette::chunk
