// /api/v1/live: live events to viewers over a WebSocket, Server-Sent Events (…/events) or long polling (…/poll).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/api/router.h"

namespace vedette::api {

/// What a viewer without a WebSocket asks for in the query: topics and where it was.
struct LiveQuery {
  std::vector<std::string> topics;
  std::optional<std::string> cursor;
};

/// Where the routes lead to. Bound to server/live by server/app.
struct LivePorts {
  /// The handler of a WebSocket. On the loop's thread; must not block.
  std::function<std::unique_ptr<domain::ConnectionHandler>(const domain::Person&)> socket;
  /// The body of an event stream to this peer, as RequestHead names it. Any thread.
  std::function<std::shared_ptr<domain::StreamHandler>(const domain::Person&, LiveQuery, const std::string& peer)>
      stream;
  /// Answers a poll, now or when there is something to tell. Any thread.
  std::function<void(const domain::Person&, LiveQuery, domain::Responder)> poll;
  /// The topics of a query, checked; `invalid` says what is wrong.
  std::function<units::Result<std::vector<std::string>>(const std::vector<std::string_view>&)> topics;
};

/// Any login. WebSocket: the subprotocol vedette.live.v1 must be offered (400), messages of viewers have at most
/// `message` bytes (1009). The others: `topics` is required; the cursor is `cursor`, or for a stream that comes back
/// Last-Event-ID.
void add_live_routes(Router& router, LivePorts ports, std::size_t message = 4'096);

}  // namespace vedette::api
