// One column as bytes: which ticks have a value, and the values, in blocks or in a prefix code.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "schema/chunk/chunk.h"
#include "schema/units/bytes.h"
#include "schema/units/result.h"

namespace vedette::chunk {

/// What a chunk's first byte says: 1 has columns of integers in blocks only, 2 also whole ones in a prefix code.
inline constexpr std::uint8_t kBlocksOnly = 1, kNewest = 2;

/// Appends the times of a chunk of that version, and reads as many as `times` has room for; false if they aren't there.
void put_times(std::string& out, std::uint8_t version, std::span<const std::int64_t> times);
[[nodiscard]] bool get_times(units::ByteReader& in, std::uint8_t version, std::span<std::int64_t> times) noexcept;

/// Appends a whole column with its check sum.
void put_column(std::string& out, std::uint8_t version, const Column& column);

/// Reads a whole column of `ticks` ticks, all but its id.
[[nodiscard]] units::Result<void> read_column(std::uint8_t version, std::span<const std::uint8_t> body,
                                              std::size_t ticks, Column& column);

/// CRC-32 (ISO-HDLC, zlib's) as four bytes, lowest first, of everything in `out` from `start` on.
void put_check(std::string& out, std::size_t start);
/// Splits the check sum off; false if it doesn't fit what is before it.
[[nodiscard]] bool check(std::span<const std::uint8_t>& bytes) noexcept;

}  // namespace vedette::chunk
