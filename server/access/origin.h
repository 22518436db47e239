// Origins (RFC 6454) as text: what a browser says a page came from. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::access {

/// "HTTPS://Example.org:443/path" -> "https://example.org": lower case, default port and path dropped.
/// `invalid` for what isn't an http or https URL.
[[nodiscard]] units::Result<std::string> origin_of(std::string_view url);

/// The host of a URL, without port and brackets; empty if there is none.
[[nodiscard]] std::string host_of(std::string_view url);

/// The path of a URL without the "/" at its end: "https://example.org/vedette/" -> "/vedette"; empty if there is none.
[[nodiscard]] std::string path_of(std::string_view url);

/// Does a request's Origin fit, byte for byte, as browsers write it (RFC 6454, 6.2)? `forbidden` with both sides in
/// words. `allowed` holds results of origin_of.
[[nodiscard]] units::Result<void> check_origin(std::string_view origin, std::string_view host, bool secure,
                                               const std::vector<std::string>& allowed);

}  // namespace vedette::access
