#include "server/domain/json.h"

#include <charconv>
#include <cmath>

namespace vedette::domain {

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kDigits[byte >> 4];
      out += kDigits[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_json_number(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, error == std::errc{} ? end : digits);
}

void append_json_time(std::string& out, units::Instant at) {
  const std::int64_t ms = units::unix_ms(at);
  if (ms < 1000) {  // the digits below need at least four of them
    out += units::unix_seconds(at);
    return;
  }
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, ms);
  out.append(digits, end - 3);
  out += '.';
  out.append(end - 3, end);
}

}  // namespace vedette::domain
