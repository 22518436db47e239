// What of server/net can be set, and the bounds that every peer is held to. Parsed by server/config, checked by Server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "schema/units/time.h"
#include "server/net/networks.h"

namespace vedette::net {

struct Config {
  std::string address = "0.0.0.0";  ///< IPv4 or IPv6 literal; "::" listens on both
  std::uint16_t port = 8443;        ///< 0: the system picks one, Server::port() tells it
  std::string certificate_file;     ///< PEM, the server's certificate first, then its chain
  std::string key_file;             ///< PEM
  bool plaintext = false;           ///< HTTP without TLS: only for tests, and with only_proxies
  /// TLS ends at the trusted proxies: a connection of anybody else is closed unread, and every request counts as one
  /// that came over TLS.
  bool only_proxies = false;
  unsigned loops = 0;  ///< event loops; 0: min(cores, 4)

  Networks trusted_proxies;      ///< whose X-Forwarded-For, -Proto and -Host are believed
  Networks passthrough_proxies;  ///< that hand bytes through: whose headers are their clients' own words
  [[nodiscard]] bool trusts(const std::string& host) const { return trusted_proxies.hold(host); }
  /// Whoever speaks from there isn't at this address itself, be it known who it is or not.
  [[nodiscard]] bool is_proxy(const std::string& host) const { return trusts(host) || passthrough_proxies.hold(host); }

  std::string content_security_policy =
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
      "font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; "
      "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html";

  /// Open at once; more get 503. 0: the open-files limit less 1,000 for files and whatever else is opened, or half of
  /// the limit where that is more.
  std::size_t connections = 0;
  /// Connections of one address (in IPv6: a /64 network) that have neither upgraded nor shown a login that holds; more
  /// get 429. How many come in a second isn't limited: after a restart of the collector all come at once.
  std::size_t unproven_per_address = 256;
  /// Connections of all addresses that are unproven still; 0: half of `connections`. For each one more the one that
  /// came first is dropped: whoever has many addresses can't take the places of those who prove who they are at once.
  std::size_t unproven = 0;
  std::size_t head = 16 * 1024;          ///< bytes of a request head; more: 431
  std::size_t fragments = 1'024;         ///< of one WebSocket message; more: close 1008
  std::size_t read_budget = 256 * 1024;  ///< bytes read from one peer before the others have their turn
  /// A WebSocket peer for which more than that waits isn't read from until it has taken some: pings, say.
  std::size_t queued = 256 * 1024;   ///< bytes
  std::size_t queued_messages = 64;  ///< frames

  units::Milliseconds head_deadline{10'000};    ///< TLS handshake and request head together
  units::Milliseconds idle_deadline{75'000};    ///< between requests of one connection
  units::Milliseconds body_deadline{60'000};    ///< a whole request body
  units::Milliseconds answer_deadline{60'000};  ///< the service has a request; then the peer gets 503
  units::Milliseconds write_deadline{60'000};   ///< a response of which the peer takes nothing
  units::Milliseconds close_deadline{5'000};    ///< our WebSocket close frame waits for its answer
  units::Milliseconds linger_deadline{2'000};   ///< what a peer still sends is read and dropped after the last response
  units::Milliseconds drain_deadline{3'000};    ///< stop() waits this long for connections to end
  units::Milliseconds tcp_user_timeout{90'000};  ///< TCP_USER_TIMEOUT: unacknowledged for this long ends a connection
};

}  // namespace vedette::net
