// sd_notify(3) by hand: one datagram to $NOTIFY_SOCKET. Without that variable nothing happens.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace vedette::app {

/// "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…".
void tell_service_manager(std::string_view state);

/// How often it wants to hear WATCHDOG=1, if at all: half of $WATCHDOG_USEC.
[[nodiscard]] std::optional<std::chrono::microseconds> watchdog_interval();

}  // namespace vedette::app
