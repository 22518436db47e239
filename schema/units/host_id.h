// A host's public identity: 128 random bits made at enrolment, written as 32 lower-case hex digits.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::units {

struct HostId {
  std::array<std::uint8_t, 16> bytes{};
  auto operator<=>(const HostId&) const = default;
};

/// 32 lower-case hex digits.
[[nodiscard]] std::string to_string(const HostId& id);

/// Accepts exactly 32 hex digits of either case.
[[nodiscard]] Result<HostId> parse_host_id(std::string_view text);

/// Lower-case hex of any bytes.
[[nodiscard]] std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace vedette::units
