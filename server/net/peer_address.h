// Where a peer is: the socket's own address, or what a proxy says of the one it speaks for.
#pragma once

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>

#include "server/domain/http.h"
#include "server/domain/network_path.h"
#include "server/net/networks.h"

namespace vedette::net {

struct PeerAddress {
  std::string host;     ///< "192.0.2.7", "2001:db8::1"; IPv4 in its own form even on an IPv6 socket
  std::string text;     ///< with the port where it is known: "192.0.2.7:53124", "[2001:db8::1]:53124", "[2001:db8::1]"
  std::string network;  ///< what counts as one address: host, or its /64 network in IPv6 ("2001:db8:0:1::/64")
  std::string subnet;   ///< its neighbours: "192.0.2.0/24", "2001:db8:0:1::/64"; empty for this machine
  bool loopback = false;
};

/// Of an AF_INET or AF_INET6 address.
[[nodiscard]] PeerAddress address_of(const sockaddr_storage& storage);

/// "192.0.2.7", "192.0.2.7:80", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:80"; nothing if it is no address.
[[nodiscard]] std::optional<PeerAddress> parse_address(std::string_view text);

/// The last item of the last line of a field like X-Forwarded-Proto: what the nearest proxy wrote. All before it are
/// the client's own words. Empty if the field is absent.
[[nodiscard]] std::string_view last_item(const domain::RequestHead& head, std::string_view lower_case_name);

/// How the connection from this socket address came here, directly or through it as a proxy.
[[nodiscard]] domain::NetworkPath path_of(const PeerAddress& socket, bool is_proxy);

/// Whom a trusted proxy speaks for: the last address of X-Forwarded-For that is no trusted proxy itself, or the first
/// of all if they all are. What stands before it are that client's own words. Nothing if the proxy named no address.
[[nodiscard]] std::optional<PeerAddress> forwarded_client(const domain::RequestHead& head,
                                                          const Networks& trusted_proxies);

/// Does a header say that a proxy handed the request on? (X-Forwarded-*, Forwarded, Via.) True proves nothing, but no
/// client on this machine adds one by itself.
[[nodiscard]] bool was_forwarded(const domain::RequestHead& head);

}  // namespace vedette::net
