// A non-blocking TCP socket as an agent wants it. Private to agent/link.
#pragma once

#include "agent/link/resolver.h"
#include "schema/units/result.h"

namespace vedette::link {

/// Begins to connect; the descriptor is the caller's. TCP_USER_TIMEOUT is 20 s.
[[nodiscard]] units::Result<int> begin_connect(const SocketAddress& address);

/// How the connect ended; call when the socket is writable.
[[nodiscard]] units::Result<void> finish_connect(int socket);

}  // namespace vedette::link
