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
  bool operator==(const CollectorAddress&) const = default;
};

/// "https://HOST[:PORT]" (8443 unless told), nothing behind it but a "/". IPv6 in brackets. `invalid` says what is
/// wrong.
[[nodiscard]] units::Result<CollectorAddress> parse_collector_url(std::string_view url);

/// "https://host:port", the form that is stored.
[[nodiscard]] std::string to_url(const CollectorAddress& address);

/// For the Host header: "host:port", IPv6 in brackets.
[[nodiscard]] std::string authority(const CollectorAddress& address);

}  // namespace vedette::link
