// A host's tags, by which people and rules pick hosts: words ("database") or key=value ("site=berlin"). What an
// operator writes into the agent's configuration and the collector takes from agents.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "schema/units/ascii.h"

namespace vedette::units {

inline constexpr std::size_t kMostTags = 32;     ///< of a host
inline constexpr std::size_t kLongestTag = 128;  ///< bytes

inline constexpr std::string_view kTagRule =
    "letters, digits and _ . - / : of at most 128 bytes, a letter or digit first, with one = between if it is "
    "key=value";

[[nodiscard]] constexpr bool is_tag(std::string_view text) noexcept {
  const auto fits = [](char c) {
    return is_letter_or_digit(c) || std::string_view("_.-/:=").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kLongestTag && is_letter_or_digit(text.front()) && !text.ends_with('=') &&
         std::ranges::count(text, '=') <= 1 && std::ranges::all_of(text, fits);
}

/// At most kMostTags, each a tag, none twice.
[[nodiscard]] inline bool are_tags(std::span<const std::string> tags) {
  if (tags.size() > kMostTags) return false;
  for (std::size_t i = 0; i < tags.size(); ++i) {
    if (!is_tag(tags[i]) || std::ranges::find(tags.first(i), tags[i]) != tags.first(i).end()) return false;
  }
  return true;
}

}  // namespace vedette::units
