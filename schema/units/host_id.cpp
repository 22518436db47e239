#include "schema/units/host_id.h"

#include <charconv>

namespace vedette::units {

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string to_string(const HostId& id) {
  return hex(id.bytes);
}

Result<HostId> parse_host_id(std::string_view text) {
  HostId id;
  bool good = text.size() == id.bytes.size() * 2;
  for (std::size_t i = 0; good && i < id.bytes.size(); ++i) {
    const char* pair = text.data() + 2 * i;
    const auto [end, status] = std::from_chars(pair, pair + 2, id.bytes[i], 16);
    good = status == std::errc{} && end == pair + 2;
  }
  if (!good)
    return fail(ErrorCode::invalid, "\"" + std::string(text.substr(0, 64)) + "\" is no host id (32 hex digits)");
  return id;
}

}  // namespace vedette::units
