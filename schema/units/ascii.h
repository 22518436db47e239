// Letters, blanks and paths as protocols mean them: ASCII only, whatever the locale. Bytes above 0x7F stay as they are.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace vedette::units {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

[[nodiscard]] constexpr bool is_letter_or_digit(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// What names of headers, methods and their parameters are made of (RFC 9110, 5.6.2).
[[nodiscard]] constexpr bool is_token_character(char c) noexcept {
  return is_letter_or_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

[[nodiscard]] inline std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), lower);
  return text;
}

[[nodiscard]] constexpr bool same_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

/// Without spaces and tabs at its ends.
[[nodiscard]] constexpr std::string_view trimmed(std::string_view text) noexcept {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Empty, or "/SEGMENT" once or more of letters, digits and -_.~, none of them "." or "..": what needs no escapes in a
/// request line, a header or a file. What a collector may be shown at and an agent may be told.
[[nodiscard]] constexpr bool is_plain_path(std::string_view text) noexcept {
  const auto fits = [](char c) { return is_letter_or_digit(c) || c == '-' || c == '_' || c == '.' || c == '~'; };
  while (!text.empty()) {
    if (text.front() != '/') return false;
    const std::size_t end = std::min(text.find('/', 1), text.size());
    const std::string_view segment = text.substr(1, end - 1);
    if (segment.empty() || segment == "." || segment == ".." || !std::ranges::all_of(segment, fits)) return false;
    text.remove_prefix(end);
  }
  return true;
}

}  // namespace vedette::units
