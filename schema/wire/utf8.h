// schema/units' UTF-8 check for messages, which are bytes.
#pragma once

#include <cstdint>
#include <span>

#include "schema/units/utf8.h"

namespace vedette::wire {

[[nodiscard]] inline bool is_utf8(std::span<const std::uint8_t> bytes) noexcept {
  return units::is_utf8({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace vedette::wire
