#include "agent/link/pin.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>

#include "schema/units/host_id.h"

namespace vedette::link {
namespace {

bool from_hex(std::string_view text, Pin& pin) {
  if (text.size() != 2 * pin.size()) return false;
  for (std::size_t i = 0; i < pin.size(); ++i) {
    const char* pair = text.data() + 2 * i;
    const auto [end, status] = std::from_chars(pair, pair + 2, pin[i], 16);
    if (status != std::errc{} || end != pair + 2) return false;
  }
  return true;
}

/// 32 bytes are 43 characters and one "=".
bool from_base64(std::string_view text, Pin& pin) {
  if (text.size() != 44 || text.back() != '=' || text[42] == '=') return false;
  std::array<unsigned char, 33> bytes{};
  const auto* begin = reinterpret_cast<const unsigned char*>(text.data());
  if (EVP_DecodeBlock(bytes.data(), begin, 44) != 33) return false;
  std::copy_n(bytes.begin(), pin.size(), pin.begin());
  return true;
}

}  // namespace

units::Result<Pin> parse_pin(std::string_view text) {
  std::string_view digest = text;
  if (digest.starts_with("sha256:") || digest.starts_with("sha256/")) digest.remove_prefix(7);
  Pin pin{};
  if (from_hex(digest, pin) || from_base64(digest, pin)) return pin;
  return units::fail(units::ErrorCode::invalid, "\"" + std::string(text.substr(0, 100)) +
                                                    "\" is no pin; take the line that `vedette-server pin` prints, "
                                                    "sha256: and 64 hex digits");
}

std::string to_string(const Pin& pin) {
  return "sha256:" + units::hex(pin);
}

}  // namespace vedette::link
