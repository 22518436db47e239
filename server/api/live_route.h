// /api/v1/live: the WebSocket of viewers.
#pragma once

#include <functional>
#include <memory>

#include "server/api/router.h"

namespace vedette::api {

/// Makes the handler of a viewer's connection. On the loop's thread; must not block.
using MakeViewer = std::function<std::unique_ptr<domain::ConnectionHandler>(const domain::Person&)>;

/// Any login; the subprotocol vedette.live.v1 must be offered (400). Messages of viewers have at most `message` bytes
/// (1009).
void add_live_route(Router& router, MakeViewer make, std::size_t message = 4'096);

}  // namespace vedette::api
