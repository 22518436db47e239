// The WebSocket handshake on the server's side (RFC 6455, 4.2). Pure.
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "schema/wire/permessage_deflate.h"
#include "server/net/request_head.h"

namespace vedette::net {

struct Handshake {
  std::string accept;                       ///< Sec-WebSocket-Accept
  std::vector<std::string> offered;         ///< subprotocols, in the client's order
  std::vector<wire::Extension> extensions;  ///< offered, likewise
};

/// Does the request ask for WebSocket at all? Others are plain HTTP.
[[nodiscard]] bool asks_for_websocket(const ParsedHead& request);

/// Precondition: asks_for_websocket(). Otherwise the response that refuses it: 400, 405 for another method than GET, or
/// 426 for another version than 13.
[[nodiscard]] std::expected<Handshake, domain::Response> check_handshake(const ParsedHead& request);

/// The 101, up to and with its empty line. `extensions` is the whole field, empty for none.
[[nodiscard]] std::string switching_protocols(const Handshake& handshake, const std::string& subprotocol,
                                              const std::string& extensions);

}  // namespace vedette::net
