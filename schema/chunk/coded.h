// A whole column of integers in one prefix code: what a column is stored in where blocks (block.h) would take more.
// Private to schema/chunk; docs/chunk-format.md has the grammar.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "schema/units/bytes.h"

namespace vedette::chunk {

/// Appends two or more integers. All arithmetic is modulo 2^64, so every sequence is exact.
void put_coded(std::string& out, std::span<const std::int64_t> values);

/// Fills `values`; false if the bytes are cut off or don't follow the grammar.
[[nodiscard]] bool get_coded(units::ByteReader& in, std::span<std::int64_t> values) noexcept;

}  // namespace vedette::chunk
