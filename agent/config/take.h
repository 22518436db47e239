// Values out of TOML, checked. Private to agent/config. Each take_* is false for what isn't allowed.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::config {

inline constexpr std::size_t kMostUrls = 8;

/// "path:line".
[[nodiscard]] std::string place(std::string_view path, const toml::source_region& source);

/// `invalid` names the line.
[[nodiscard]] units::Result<toml::table> parse_toml(std::string_view text, std::string_view path);

/// A string, or a list of 1 to `most` of them; none is empty.
[[nodiscard]] bool take_texts(const toml::node& value, std::size_t most, std::vector<std::string>& into);
[[nodiscard]] bool take_urls(const toml::node& value, std::vector<std::string>& into);
[[nodiscard]] bool take_tags(const toml::node& value, std::vector<std::string>& into);
/// A host's name.
[[nodiscard]] bool take_name(const toml::node& value, std::string& into);
/// One line that isn't empty.
[[nodiscard]] bool take_line(const toml::node& value, std::string& into);

}  // namespace vedette::config
