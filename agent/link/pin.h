// The pin: SHA-256 of the collector's certificate authority's public key (SubjectPublicKeyInfo, DER), so that the
// authority's certificate can be renewed under the same key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::link {

using Pin = std::array<std::uint8_t, 32>;

/// "sha256:" (or "sha256/") and then 64 hex digits or 44 characters of base64; the prefix may be left out.
[[nodiscard]] units::Result<Pin> parse_pin(std::string_view text);

/// "sha256:<64 hex digits>".
[[nodiscard]] std::string to_string(const Pin& pin);

}  // namespace vedette::link
