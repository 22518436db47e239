// Trust on first use, for suites whose certificate nobody knows beforehand: what a server shows is then what the
// agent's code is told to expect, so that its own checks run unchanged.
#pragma once

#include <string>

#include "agent/link/address.h"
#include "agent/link/pin.h"
#include "agent/link/resolver.h"
#include "schema/units/result.h"

namespace vedette::conformance {

struct Identity {
  link::Pin pin{};   ///< of the last certificate in the chain
  std::string host;  ///< a name or address that the first certificate is for
};

/// Connects once, unverified. Blocks.
[[nodiscard]] units::Result<Identity> look_at(const link::SocketAddress& address, const std::string& host);

/// A connected, non-blocking socket. Blocks up to 10 s.
[[nodiscard]] units::Result<int> connect_to(const link::SocketAddress& address);

}  // namespace vedette::conformance
