// The half of http.h that reads bodies (RFC 9112 6 and 7.1).
#include <charconv>

#include "agent/link/http.h"
#include "schema/units/ascii.h"

namespace vedette::link {
namespace {

using units::ErrorCode;
using units::fail;
using Body = units::Result<std::optional<std::string>>;

Body refuse(const char* what) {
  return fail(ErrorCode::invalid,
              std::string("the answer isn't HTTP/1.1 (") + what + "); is this a Vedette collector?");
}

/// The whole text as a number; nothing for a sign, a blank or more than 64 bits.
std::optional<std::size_t> number(std::string_view text, int base) {
  std::size_t value = 0;
  const char* last = text.data() + text.size();
  const auto [end, status] = std::from_chars(text.data(), last, value, base);
  if (text.empty() || status != std::errc{} || end != last) return std::nullopt;
  return value;
}

/// Takes the next line off; nothing while its end isn't there.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find("\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(end + 2);
  return line;
}

Body parse_chunks(std::string_view rest) {
  std::string body;
  while (true) {
    const auto head = take_line(rest);
    if (!head) return std::nullopt;
    std::string_view digits = head->substr(0, head->find(';'));  // extensions are ignored
    while (digits.ends_with(' ') || digits.ends_with('\t')) digits.remove_suffix(1);
    const auto size = number(digits, 16);
    if (!size) return refuse("a chunk's size");
    if (*size == 0) break;
    if (rest.size() < *size || rest.size() - *size < 2) return std::nullopt;
    if (rest.substr(*size, 2) != "\r\n") return refuse("a chunk's end");
    body += rest.substr(0, *size);
    rest.remove_prefix(*size + 2);
  }
  // Trailers say nothing that we read.
  while (const auto line = take_line(rest)) {
    if (line->empty()) return body;
  }
  return std::nullopt;
}

}  // namespace

Body parse_body(const ResponseHead& head, std::string_view rest, bool ended) {
  const std::string_view coding = head.field("transfer-encoding"), length = head.field("content-length");
  if (!coding.empty()) {
    // Both would let two readers see two different bodies.
    if (!length.empty()) return refuse("Transfer-Encoding beside Content-Length");
    if (!units::same_ignoring_case(coding, "chunked")) return refuse("its Transfer-Encoding");
    return parse_chunks(rest);
  }
  if (!length.empty()) {
    const auto bytes = number(length, 10);
    if (!bytes) return refuse("its Content-Length");
    if (rest.size() < *bytes) return std::nullopt;
    return std::string(rest.substr(0, *bytes));
  }
  if (!ended) return std::nullopt;
  return std::string(rest);
}

}  // namespace vedette::link
