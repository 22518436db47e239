// What the configuration says of proxies: whom to believe, below which path they show the collector, and whether TLS
// ends at them.
#pragma once

#include "server/app/settings.h"

namespace vedette::app {

/// server.trusted_proxies, server.passthrough_proxies and server.base_path of `[server]`; call after public_url was
/// read, whose path must be the base path, and is if no other is given.
void read_proxies(config::Table& server, Settings& settings);

/// tls.at_proxy of `[tls]`; after read_proxies and the certificate's keys.
void read_tls_at_proxy(config::Table& tls, Settings& settings);

/// Why there is no pin while TLS ends at the proxies, and what agents do instead.
[[nodiscard]] std::unexpected<units::Error> no_pin();

}  // namespace vedette::app
