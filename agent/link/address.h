// Where the collector is. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::link {

struct CollectorAddress {
  std::string host;  ///< a name or an IP address, without brackets
  std::uint16_t port = 8443;
  std::string path{};  ///< below which a proxy shows the collector: "/vedette", without a "/" at its end; empty: none
  bool operator==(const CollectorAddress&) const = default;
};

/// "https://HOST[:PORT][/PATH]" (8443 unless told). IPv6 in brackets. The path is of letters, digits and "-_.~",
/// without "." and "..". `invalid` says what is wrong.
[[nodiscard]] units::Result<CollectorAddress> parse_collector_url(std::string_view url);

/// "https://host:port/path", the form that is stored.
[[nodiscard]] std::string to_url(const CollectorAddress& address);

/// For people: "host:port", IPv6 in brackets.
[[nodiscard]] std::string authority(const CollectorAddress& address);

/// For the Host header: without the port if it is 443, by which a proxy that serves several names may tell them apart.
[[nodiscard]] std::string host_field(const CollectorAddress& address);

}  // namespace vedette::link
