// UTF-8 as RFC 3629 allows it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace vedette::units {

/// Checks one text that comes in pieces; a bad byte is noticed in the piece that holds it.
class Utf8Check {
 public:
  /// False at the first byte that can't continue valid text; the check is of no use afterwards.
  [[nodiscard]] bool feed(std::span<const std::uint8_t> bytes) noexcept;
  /// No character is cut off at the end.
  [[nodiscard]] bool complete() const noexcept { return remaining_ == 0; }

 private:
  bool start(std::uint8_t byte) noexcept;

  std::uint8_t remaining_ = 0;  ///< continuation bytes still due
  std::uint8_t lowest_ = 0x80;  ///< bounds of the next continuation byte
  std::uint8_t highest_ = 0xBF;
};

/// Empty text is valid.
[[nodiscard]] bool is_utf8(std::string_view text) noexcept;

/// `text` without the part past `limit` bytes, never cutting a character of valid UTF-8.
[[nodiscard]] std::string_view cut_utf8(std::string_view text, std::size_t limit) noexcept;

/// U+FFFD, what stands for bytes that aren't text.
inline constexpr std::string_view kReplacement = "\xef\xbf\xbd";

/// `text` as UTF-8: each byte that belongs to no character becomes U+FFFD.
[[nodiscard]] std::string repair_utf8(std::string_view text);

}  // namespace vedette::units
