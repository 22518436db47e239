// UTF-8 (RFC 3629): is this text?
#pragma once

#include <cstddef>
#include <string_view>

namespace vedette::units {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. Empty text is valid.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// `text` without the part past `limit` bytes, never cutting a character of valid UTF-8.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept;

}  // namespace vedette::units
