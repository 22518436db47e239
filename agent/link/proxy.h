// A proxy on the way to the collector: what names it, which collectors go without it, and how it is asked for a tunnel
// (HTTP CONNECT, RFC 9110 9.3.6). TLS runs end to end through the tunnel. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "agent/link/address.h"
#include "agent/link/http.h"
#include "schema/units/result.h"

namespace vedette::link {

struct Proxy {
  std::string host;  ///< a name or an IP address, without brackets
  std::uint16_t port = 0;
  std::string credentials{};  ///< base64 of "user:password", secret; empty: none
  bool operator==(const Proxy&) const = default;
};

/// "http://[USER:PASSWORD@]HOST:PORT", the scheme may be left out; user and password percent-encoded. `invalid` says
/// what is wrong and never repeats the text, which may hold a password.
[[nodiscard]] units::Result<Proxy> parse_proxy_url(std::string_view url);

/// Whether `no_proxy` names this collector: words separated by commas or blanks, each "*", a domain (its subdomains
/// too), an IP address or a network ("10.0.0.0/8"); a word may end with ":PORT".
[[nodiscard]] bool goes_direct(std::string_view no_proxy, const CollectorAddress& collector);

/// The proxies that the configuration and the environment name, as curl reads them.
struct ProxyChoice {
  std::optional<Proxy> proxy;
  std::string no_proxy;
  /// The one to take for this collector.
  [[nodiscard]] std::optional<Proxy> for_collector(const CollectorAddress& collector) const;
};

/// `configured` is "", "none" or a URL; it wins over https_proxy, HTTPS_PROXY and (no_proxy, NO_PROXY), which
/// `variable` looks up. Errors name where the bad one stands.
[[nodiscard]] units::Result<ProxyChoice> choose_proxy(const std::string& configured,
                                                      const std::function<std::string(const char*)>& variable);

/// For people: "host:port", never the credentials.
[[nodiscard]] std::string authority(const Proxy& proxy);

[[nodiscard]] std::string connect_request(const CollectorAddress& collector, const Proxy& proxy);

/// Success if the tunnel is open; otherwise words for a person: `unauthorized` (407), `forbidden` (403, 405),
/// `unavailable` (429, 5xx), `invalid` for anything else.
[[nodiscard]] units::Result<void> check_tunnel(const ResponseHead& head, const CollectorAddress& collector,
                                               const Proxy& proxy);

}  // namespace vedette::link
