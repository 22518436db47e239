// Blocks: up to 64 consecutive values of one column in as few bytes as a handful of simple forms allow, whole
// bytes each. docs/chunk-format.md has the grammar.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "schema/units/bytes.h"

namespace vedette::chunk {

inline constexpr std::size_t kBlock = 64;

/// What one block leaves for the next.
struct IntegerState {
  std::int64_t value = 0;  ///< the last value
  std::int64_t step = 0;   ///< the last value minus the one before
};

/// Appends 1 to 64 integers. All arithmetic is modulo 2^64, so every sequence is exact.
void put_integers(std::string& out, std::span<const std::int64_t> values, IntegerState& state);

/// Fills `values` (1 to 64); false if the bytes are cut off or have no such form.
[[nodiscard]] bool get_integers(units::ByteReader& in, std::span<std::int64_t> values, IntegerState& state) noexcept;

/// The same for doubles' bit patterns; the state is the last pattern.
void put_reals(std::string& out, std::span<const std::int64_t> values, std::int64_t& state);
[[nodiscard]] bool get_reals(units::ByteReader& in, std::span<std::int64_t> values, std::int64_t& state) noexcept;

}  // namespace vedette::chunk
