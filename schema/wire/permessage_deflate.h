// What two ends agree on about compression: Sec-WebSocket-Extensions (RFC 6455 9.1) and permessage-deflate's parameters
// (RFC 7692 7.1). Pure.
//
// Both directions are always without context takeover: one z_stream then serves every session of a loop.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::wire {

struct Extension {
  struct Parameter {
    std::string name;
    std::optional<std::string> value;  ///< unquoted
    bool operator==(const Parameter&) const = default;
  };
  std::string name;
  std::vector<Parameter> parameters;
  bool operator==(const Extension&) const = default;
};

/// The field's value; several fields are read as if joined by commas. Empty elements are skipped. `invalid` if it
/// breaks the grammar, which fails the handshake.
[[nodiscard]] units::Result<std::vector<Extension>> parse_extensions(std::string_view field);

/// Server: the answer to the first offer that can be kept.
struct DeflateAnswer {
  std::string field;             ///< for the response
  std::uint8_t window_bits = 0;  ///< the server's own window, kLeastWindowBits to kMostWindowBits
};
/// Nothing if there is none: no permessage-deflate, a parameter that RFC 7692 doesn't know, twice or with a wrong
/// value, or a server window of 8 bits, which zlib can't make.
[[nodiscard]] std::optional<DeflateAnswer> answer_offers(std::span<const Extension> offers);

/// Client: the offer, and what the server's answer to it means.
inline constexpr std::string_view kDeflateOffer =
    "permessage-deflate; client_no_context_takeover; server_no_context_takeover; client_max_window_bits";
/// The client's own window bits, 8 to kMostWindowBits (with 8 everything is sent as it is); nothing if the server
/// declined. `invalid` for an answer that wasn't offered, or that keeps the server's context.
[[nodiscard]] units::Result<std::optional<std::uint8_t>> check_answer(std::string_view field);

}  // namespace vedette::wire
