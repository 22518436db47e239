// The little HTTP/1.1 that an agent speaks: heads of requests written, heads of responses read strictly. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "agent/link/address.h"
#include "schema/units/result.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::link {

inline constexpr std::size_t kMaxHead = 16 * 1024;

struct ResponseHead {
  int status = 0;
  std::map<std::string, std::string> fields;  ///< names in lower case, values trimmed; of those told twice, the first
  std::size_t size = 0;                       ///< bytes of the head; what follows is the body

  [[nodiscard]] std::string_view field(const std::string& name) const;
};

/// Nothing while the head isn't complete. `invalid` for what isn't HTTP/1.1: bare LF, folded lines, blanks before a
/// colon, control characters, twice a field that we read (others may come several times: Via, Set-Cookie);
/// `too_large` past kMaxHead. Proxies may answer in HTTP/1.0.
enum class Answerer { collector, proxy };
[[nodiscard]] units::Result<std::optional<ResponseHead>> parse_response(std::string_view bytes,
                                                                        Answerer who = Answerer::collector);

/// The body behind `head`: what Content-Length says, chunks put together, or all until the connection `ended`. Nothing
/// while it isn't complete, which no end of the connection changes for the first two. `invalid` for a length, chunk or
/// Transfer-Encoding that can't be read. The caller bounds `rest`.
[[nodiscard]] units::Result<std::optional<std::string>> parse_body(const ResponseHead& head, std::string_view rest,
                                                                   bool ended);

/// What an upgrade asks for: an agent's stream, unless told otherwise.
struct Upgrade {
  std::string path{wire::kAgentPath};
  std::string subprotocol{wire::kAgentSubprotocol};  ///< empty: none
  std::string bearer{};                              ///< this host's key; empty: none
  std::string extensions{};                          ///< offered; empty: none
};

/// `key` is Sec-WebSocket-Key. The path is taken below the address's.
[[nodiscard]] std::string upgrade_request(const CollectorAddress& address, std::string_view key,
                                          const Upgrade& upgrade);

/// Success if this is the upgrade we asked for (RFC 6455 4.1); otherwise words for a person: `unauthorized` (401),
/// `forbidden` (403), `version` (426), `unavailable` (429, 5xx), `invalid` for anything else. Extensions, if some were
/// offered, are left to the caller.
[[nodiscard]] units::Result<void> check_upgrade(const ResponseHead& head, std::string_view key,
                                                const Upgrade& upgrade = {});

/// Retry-After in seconds, if there is a sensible one; at most an hour.
[[nodiscard]] std::optional<units::Milliseconds> retry_after(const ResponseHead& head);

/// POST of a JSON body to a path below the address's; the connection is to be closed after it.
[[nodiscard]] std::string post_request(const CollectorAddress& address, std::string_view path, std::string_view json);

/// DELETE of a path below the address's, as the host with this key; the connection is to be closed after it.
[[nodiscard]] std::string delete_request(const CollectorAddress& address, std::string_view path,
                                         std::string_view bearer);

/// A JSON string literal.
[[nodiscard]] std::string json_string(std::string_view text);

/// The value of a top-level string member of a JSON object, unescaped. Nothing if it is absent, no string, or the text
/// isn't an object as far as it was read. Only for the small answers of our own collector.
[[nodiscard]] std::optional<std::string> json_member(std::string_view object, std::string_view name);

}  // namespace vedette::link
