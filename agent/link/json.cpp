// The JSON half of http.h.
#include <array>
#include <cstdio>

#include "agent/link/http.h"

namespace vedette::link {
namespace {

void skip_blanks(std::string_view& rest) {
  const std::size_t at = rest.find_first_not_of(" \t\r\n");
  rest.remove_prefix(std::min(at, rest.size()));
}

bool take(std::string_view& rest, char c) {
  skip_blanks(rest);
  if (rest.empty() || rest.front() != c) return false;
  rest.remove_prefix(1);
  return true;
}

/// Escapes other than those of one character are refused: our answers are plain ASCII.
std::optional<std::string> take_string(std::string_view& rest) {
  if (!take(rest, '"')) return std::nullopt;
  std::string text;
  while (!rest.empty()) {
    const char c = rest.front();
    rest.remove_prefix(1);
    if (c == '"') return text;
    if (static_cast<unsigned char>(c) < 0x20) return std::nullopt;
    if (c != '\\') {
      text += c;
      continue;
    }
    constexpr std::string_view kFrom = "\"\\/bfnrt", kTo = "\"\\/\b\f\n\r\t";
    const std::size_t which = rest.empty() ? std::string_view::npos : kFrom.find(rest.front());
    if (which == std::string_view::npos) return std::nullopt;
    text += kTo[which];
    rest.remove_prefix(1);
  }
  return std::nullopt;
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escaped{};
      std::snprintf(escaped.data(), escaped.size(), "\\u%04x", static_cast<unsigned char>(c));
      out += escaped.data();
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::string> json_member(std::string_view object, std::string_view name) {
  if (!take(object, '{')) return std::nullopt;
  do {
    const auto key = take_string(object);
    if (!key || !take(object, ':')) return std::nullopt;
    skip_blanks(object);
    if (object.starts_with('"')) {
      auto value = take_string(object);
      if (!value || *key == name) return value;
    } else {  // a number or a word; nothing nested
      object.remove_prefix(std::min(object.find_first_of(",}\"{["), object.size()));
    }
  } while (take(object, ','));
  return std::nullopt;
}

}  // namespace vedette::link
