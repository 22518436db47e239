// UTF-8 (RFC 3629): is this text?
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace vedette::units {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. Empty text is valid.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// `text` without the part past `limit` bytes, never cutting a character of valid UTF-8.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept;

/// U+FFFD, what stands for bytes that aren't text.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// `text` as UTF-8: each byte that belongs to no character becomes U+FFFD.
[[nodiscard]] std::string repair_utf8(std::string_view text);

}  // namespace vedette::units
