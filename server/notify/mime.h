// The few rules of mail messages that we need (RFC 5322, 2047, 2045). Pure.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/time.h"

namespace vedette::notify {

/// `text` on one line: control characters become spaces, and what isn't UTF-8 question marks. So nothing that a host
/// or a mail server says can begin a line of a message or a log.
[[nodiscard]] std::string one_line(std::string_view text);

/// A header with its end: "Subject: …\r\n", folded at spaces near 78 bytes, text beyond ASCII as encoded words
/// (RFC 2047, UTF-8). Unfolded and decoded it is one_line(text) again, but for runs of spaces.
[[nodiscard]] std::string header(std::string_view name, std::string_view text);

/// Breaks a line at spaces into lines of at most 78 bytes, each with its \r\n. A word longer than that gets a line to
/// itself, cut after 900 bytes.
[[nodiscard]] std::string wrapped(std::string_view line);

/// "Mon, 23 Nov 2026 03:02:17 +0000"
[[nodiscard]] std::string mail_date(units::Instant at);

[[nodiscard]] std::string base64(std::string_view bytes);

[[nodiscard]] bool is_ascii(std::string_view text);

}  // namespace vedette::notify
