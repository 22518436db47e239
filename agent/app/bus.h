// One question to the system bus (D-Bus Specification, "Authentication Protocol"). Blocks up to its time limit.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/time.h"

namespace vedette::app {

inline constexpr const char* kSystemBus = "/run/dbus/system_bus_socket";

/// What came until the reply to `call` was there, whose serial is kBusSerial, and the reply; empty if there is no bus,
/// or no reply in time.
[[nodiscard]] std::string ask_bus(std::string_view call, units::Milliseconds limit,
                                  std::string_view socket = kSystemBus);
inline constexpr unsigned kBusSerial = 2;

}  // namespace vedette::app
