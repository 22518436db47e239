// One WebSocket connection as a client, with what the agent connects with: its sockets, TLS, HTTP heads and
// wire::Session; with raised limits, and permessage-deflate offered.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/link/address.h"
#include "agent/link/resolver.h"
#include "agent/link/tls.h"
#include "schema/wire/deflate.h"

namespace vedette::conformance {

class EchoClient {
 public:
  /// "ws://HOST[:PORT]" or "wss://HOST[:PORT]", nothing behind it but a "/". With wss it looks at the server first.
  [[nodiscard]] static units::Result<EchoClient> create(std::string_view url);

  /// Sends every message back until the connection has ended.
  [[nodiscard]] units::Result<void> echo(const std::string& path);
  /// The first text message that comes; empty if none does.
  [[nodiscard]] units::Result<std::string> read_text(const std::string& path);

 private:
  EchoClient() = default;
  units::Result<std::string> connect(const std::string& path, bool echoes);

  link::CollectorAddress address_;
  link::SocketAddress socket_address_;
  std::optional<link::TlsContext> tls_;  ///< nothing: ws
  std::string certified_host_;
  std::unique_ptr<wire::Deflate> deflate_ = std::make_unique<wire::Deflate>();
};

}  // namespace vedette::conformance
