// The messages of D-Bus that the agent needs (D-Bus Specification, "Message Protocol"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vedette::app {

/// A method call without arguments, little-endian.
[[nodiscard]] std::string bus_call(std::uint32_t serial, std::string_view destination, std::string_view path,
                                   std::string_view interface, std::string_view member);

/// systemd's ListUnitsFiltered for units that have failed.
[[nodiscard]] std::string list_failed_units(std::uint32_t serial);

/// The names in the reply to it among `bytes`; nothing if there is none, it is an error, or isn't formed so.
[[nodiscard]] std::optional<std::vector<std::string>> unit_names(std::string_view bytes, std::uint32_t serial);

/// Whether `bytes`, whole messages and perhaps the begin of one more, hold a complete reply (or error) to `serial`.
[[nodiscard]] bool has_reply_to(std::string_view bytes, std::uint32_t serial);

}  // namespace vedette::app
