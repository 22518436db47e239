// Reading the kernel's text files: lines, words and numbers taken off the front of a view. Pure, no allocation.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace vedette::collect {

/// Takes the next line, without its newline. A last line without one is not given out: it may be cut in the middle of
/// a number.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& rest) noexcept;

/// Takes the next word between blanks or tabs; empty when none is left.
[[nodiscard]] std::string_view take_word(std::string_view& rest) noexcept;

/// Takes the next word as a decimal number. Absent if there is none, it has other characters or exceeds 64 bits.
[[nodiscard]] std::optional<std::uint64_t> take_number(std::string_view& rest) noexcept;

/// A whole word as a number, likewise.
[[nodiscard]] std::optional<std::uint64_t> as_number(std::string_view word) noexcept;

/// The kernel's counters are unsigned; past 2^63 they stand at the end of what a cell holds.
[[nodiscard]] std::int64_t clamped(std::uint64_t value) noexcept;

}  // namespace vedette::collect
