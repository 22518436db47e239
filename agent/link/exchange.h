// One HTTP request to a collector and its answer. Blocking; for commands, and for the agent before it has an identity.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/link/dialer.h"
#include "schema/units/result.h"

namespace vedette::link {

/// How a collector is reached and trusted.
struct Reach {
  std::optional<Pin> pin;  ///< absent: the system's certificates are trusted
  ProxyChoice proxy{};
  units::Milliseconds limit = std::chrono::seconds{15};  ///< for all of it
  int stop = -1;                                         ///< readable: give up; -1: none
  Lookup lookup = resolve_now;
};

/// Errors are Dialer's, and `timeout`; `unavailable` when asked to stop.
[[nodiscard]] units::Result<std::unique_ptr<Connection>> connect(const CollectorAddress& address, const Reach& reach,
                                                                 units::Steady until);

struct Answer {
  int status = 0;
  std::string body;
  std::optional<units::Milliseconds> retry_after;
};

/// Sends the request and reads an answer of at most 64 kB.
[[nodiscard]] units::Result<Answer> ask(Connection& connection, std::string_view request, const Reach& reach,
                                        units::Steady until);

}  // namespace vedette::link
