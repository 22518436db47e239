// The way from a peer to the collector, as far as the collector can tell: what several hosts may lose at once.
#pragma once

#include <compare>
#include <string>

namespace vedette::domain {

struct NetworkPath {
  std::string proxy;    ///< address of the proxy between us and the peer; empty: we know of none
  std::string network;  ///< the peer's, without a proxy: "192.0.2.0/24", "2001:db8:0:1::/64"; empty for this machine
  auto operator<=>(const NetworkPath&) const = default;
};

}  // namespace vedette::domain
