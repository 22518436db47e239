#include "server/net/request_head.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <charconv>

#include "schema/units/ascii.h"
#include "schema/units/utf8.h"

namespace vedette::net {
namespace {

namespace http = boost::beast::http;
using Refused = std::unexpected<Refusal>;
using units::same_ignoring_case;  // not Beast's iequals: that of 1.74 reads a byte past its arguments

constexpr std::size_t kMaxFields = 100;

Refused refuse(std::string words, int status = 400) {
  return Refused(Refusal{status, std::move(words)});
}

std::string_view view(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

/// What Beast lets pass, or reads with more good will than a strict reader.
std::expected<void, Refusal> check_bytes(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte == '\r' && (i + 1 == bytes.size() || bytes[i + 1] != '\n')) return refuse("CR without LF in the head");
    if (byte == '\n' && (i == 0 || bytes[i - 1] != '\r')) return refuse("LF without CR in the head");
    if ((byte < 0x20 && byte != '\r' && byte != '\n' && byte != '\t') || byte == 0x7F) {
      return refuse("control character in the head");
    }
    if (byte == '\n' && i + 1 < bytes.size() && (bytes[i + 1] == ' ' || bytes[i + 1] == '\t')) {
      return refuse("folded header field");
    }
  }
  return {};
}

std::expected<void, Refusal> check_request_line(std::string_view line) {
  if (line.find('\t') != std::string_view::npos || std::ranges::count(line, ' ') != 2) {
    return refuse("the request line isn't: method, space, target, space, version");
  }
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  if (version == "HTTP/1.1" || version == "HTTP/1.0") return {};
  if (version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.') {
    return refuse("only HTTP/1.1 and 1.0 are spoken here", 505);
  }
  return refuse("no HTTP version in the request line");
}

/// Those that a route may take, and OPTIONS. Beast knows WebDAV's and more: to us they are unknown.
bool is_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

bool is_unreserved_path(std::string_view path) {
  std::size_t start = 1;
  while (start <= path.size()) {
    const std::size_t slash = std::min(path.find('/', start), path.size());
    const std::string_view segment = path.substr(start, slash - start);
    if (segment == "." || segment == "..") return false;
    start = slash + 1;
  }
  return true;
}

bool is_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos && units::is_utf8(text);
}

std::expected<void, Refusal> parse_query(std::string_view query, domain::RequestHead& head) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    std::string pair(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    std::ranges::replace(pair, '+', ' ');  // as forms and URLSearchParams write a space
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto key = percent_decode(std::string_view(pair).substr(0, equals));
    auto value = percent_decode(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
    if (!key || !value || !is_text(*key) || !is_text(*value)) return refuse("bad percent-encoding in the query");
    head.query.emplace_back(std::move(*key), std::move(*value));
  }
  return {};
}

std::expected<void, Refusal> parse_target(std::string_view target, domain::RequestHead& head) {
  for (const std::string_view scheme : {"http://", "https://"}) {  // absolute form: RFC 9112, 3.2.2
    if (!same_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    target.remove_prefix(scheme.size());
    const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
    if (!same_ignoring_case(target.substr(0, slash), head.header("host"))) return refuse("target and Host differ");
    target.remove_prefix(slash);
    if (target.empty()) target = "/";
    break;
  }
  if (target == "*" && head.method == "OPTIONS") {
    head.path = "*";
    return {};
  }
  if (!target.starts_with('/') || target.find('#') != std::string_view::npos) {
    return refuse("the request target has to be a path");
  }
  const std::size_t question = std::min(target.find('?'), target.size());
  auto path = percent_decode(target.substr(0, question));
  if (!path || !is_text(*path)) return refuse("bad percent-encoding in the path");
  if (!is_unreserved_path(*path)) return refuse("\".\" or \"..\" in the path");
  head.path = std::move(*path);
  return parse_query(target.substr(std::min(question + 1, target.size())), head);
}

std::size_t count(const domain::RequestHead& head, std::string_view name) {
  return static_cast<std::size_t>(std::ranges::count(head.headers, name, &domain::Header::first));
}

std::expected<void, Refusal> check_host(const ParsedHead& parsed) {
  const std::size_t hosts = count(parsed.head, "host");
  if (hosts > 1) return refuse("more than one Host");
  if (hosts == 0 && !parsed.http_1_0) return refuse("no Host");
  const std::string_view host = parsed.head.header("host");
  const bool good = std::ranges::all_of(host, [](char c) {
    return units::is_letter_or_digit(c) || std::string_view("-._:[]~%").find(c) != std::string_view::npos;
  });
  if (hosts == 1 && (host.empty() || !good)) return refuse("bad Host");
  return {};
}

std::expected<void, Refusal> read_framing(ParsedHead& parsed) {
  const std::size_t lengths = count(parsed.head, "content-length");
  const std::size_t encodings = count(parsed.head, "transfer-encoding");
  if (lengths > 1 || encodings > 1) return refuse("the body's length is given more than once");
  if (lengths == 1 && encodings == 1) return refuse("both Content-Length and Transfer-Encoding");
  if (encodings == 1) {
    if (parsed.http_1_0) return refuse("Transfer-Encoding in HTTP/1.0");
    if (!same_ignoring_case(parsed.head.header("transfer-encoding"), "chunked")) {
      return refuse("the only Transfer-Encoding taken here is chunked", 501);
    }
    parsed.chunked = true;
  }
  if (lengths == 1) {
    const std::string_view text = parsed.head.header("content-length");
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed.content_length);
    if (text.empty() || text.size() > 18 || error != std::errc() || end != text.data() + text.size()) {
      return refuse("bad Content-Length");
    }
  }
  return {};
}

std::expected<void, Refusal> read_rest(ParsedHead& parsed) {
  const bool close = has_token(parsed.head, "connection", "close");
  parsed.keep_alive = !close && (!parsed.http_1_0 || has_token(parsed.head, "connection", "keep-alive"));
  if (parsed.http_1_0) return {};  // Expect means nothing there (RFC 9110, 10.1.1)
  for (const auto& [name, value] : parsed.head.headers) {
    if (name != "expect") continue;
    if (!same_ignoring_case(value, "100-continue")) return refuse("the only Expect known here is 100-continue", 417);
    parsed.expects_continue = true;
  }
  return {};
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
    if (error != std::errc() || end != text.data() + i + 3) return std::nullopt;
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

namespace {

bool list_has(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view part = units::trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (same_ignoring_case(part, token)) return true;
  }
  return false;
}

}  // namespace

bool has_token(const domain::RequestHead& head, std::string_view lower_case_name, std::string_view token) {
  return std::ranges::any_of(head.headers, [&](const domain::Header& header) {
    return header.first == lower_case_name && list_has(header.second, token);
  });
}

std::expected<ParsedHead, Refusal> parse_head(std::string_view bytes) {
  if (auto ok = check_bytes(bytes); !ok) return Refused(ok.error());
  if (auto ok = check_request_line(bytes.substr(0, bytes.find("\r\n"))); !ok) return Refused(ok.error());

  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
  parser.body_limit(boost::none);
  parser.skip(true);  // only the head is read here; body_reader.h reads the rest
  boost::beast::error_code error;
  const std::size_t used = parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error || used != bytes.size() || !parser.is_header_done()) {
    return refuse("malformed request head" + (error ? ": " + error.message() : std::string()));
  }
  ParsedHead parsed;
  const auto& message = parser.get();
  parsed.http_1_0 = message.version() == 10;
  parsed.head.method = std::string(view(message.method_string()));
  for (const auto& field : message) {
    if (parsed.head.headers.size() == kMaxFields) return refuse("more than 100 header fields", 431);
    parsed.head.headers.emplace_back(units::lowered(std::string(view(field.name_string()))),
                                     std::string(view(field.value())));
  }
  if (auto ok = check_host(parsed); !ok) return Refused(ok.error());
  if (auto ok = read_framing(parsed); !ok) return Refused(ok.error());
  if (!is_method(parsed.head.method)) return refuse("the method " + parsed.head.method + " is unknown here", 501);
  if (auto ok = parse_target(view(message.target()), parsed.head); !ok) return Refused(ok.error());
  if (auto ok = read_rest(parsed); !ok) return Refused(ok.error());
  return parsed;
}

}  // namespace vedette::net
