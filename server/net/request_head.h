// Request heads, read strictly (RFC 9112): what two parsers could read differently is refused. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/domain/http.h"

namespace vedette::net {

/// Why a head is refused: the answer's status and the words in it.
struct Refusal {
  int status = 400;  ///< 400, 417, 431, 501 or 505
  std::string words;
};

/// A head and how its body is framed.
struct ParsedHead {
  domain::RequestHead head;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  std::uint64_t content_length = 0;
  bool expects_continue = false;
};

/// Reads one whole head: request line, fields and the empty line (CR LF each), nothing after it. `peer`, `loopback` and
/// `secure` of the result are the caller's. At most 100 fields.
[[nodiscard]] std::expected<ParsedHead, Refusal> parse_head(std::string_view bytes);

/// Percent-decoded, "+" as it is. Nothing if an escape is cut or no hex.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);

/// True if one of the field's lines, a comma-separated list each, holds `token`, whatever its case.
[[nodiscard]] bool has_token(const domain::RequestHead& head, std::string_view lower_case_name, std::string_view token);

}  // namespace vedette::net
