#include "agent/config/take.h"

#include <algorithm>

#include "schema/units/ascii.h"
#include "schema/units/tags.h"

namespace vedette::config {

using units::ErrorCode;
using units::fail;

std::string place(std::string_view path, const toml::source_region& source) {
  return std::string(path) + ":" + std::to_string(source.begin.line);
}

units::Result<toml::table> parse_toml(std::string_view text, std::string_view path) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid, place(path, error.source()) + ": " + std::string(error.description()));
  }
}

bool take_texts(const toml::node& value, std::size_t most, std::vector<std::string>& into) {
  into.clear();
  if (const auto text = value.value<std::string>()) into.push_back(*text);
  if (const toml::array* list = value.as_array()) {
    for (const toml::node& one : *list) into.push_back(one.value<std::string>().value_or(""));
  }
  return !into.empty() && into.size() <= most && std::ranges::find(into, "") == into.end();
}

bool take_urls(const toml::node& value, std::vector<std::string>& into) {
  return take_texts(value, kMostUrls, into) &&
         std::ranges::all_of(into, [](const std::string& url) { return url.starts_with("https://"); });
}

bool take_tags(const toml::node& value, std::vector<std::string>& into) {
  const toml::array* list = value.as_array();
  if (list == nullptr) return false;
  into.clear();
  return list->empty() || (take_texts(value, units::kMostTags, into) && units::are_tags(into));
}

bool take_name(const toml::node& value, std::string& into) {
  into = value.value<std::string>().value_or("");
  const auto fits = [](char c) { return units::is_letter_or_digit(c) || c == '-' || c == '.' || c == '_'; };
  return !into.empty() && into.size() <= 253 && std::ranges::all_of(into, fits);
}

bool take_line(const toml::node& value, std::string& into) {
  into = value.value<std::string>().value_or("");
  return !into.empty() && std::ranges::none_of(into, [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

}  // namespace vedette::config
