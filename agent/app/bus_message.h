// The two messages of D-Bus that the agent needs (D-Bus Specification, "Message Protocol"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vedette::app {

/// A method call without arguments, little-endian.
[[nodiscard]] std::string bus_call(std::uint32_t serial, std::string_view destination, std::string_view path,
                                   std::string_view interface, std::string_view member);

/// Whether `bytes`, whole messages and perhaps the begin of one more, hold a complete reply (or error) to `serial`.
[[nodiscard]] bool has_reply_to(std::string_view bytes, std::uint32_t serial);

}  // namespace vedette::app
