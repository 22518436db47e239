#include "agent/link/http.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "schema/units/ascii.h"
#include "schema/wire/session.h"

namespace vedette::link {
namespace {

using units::ErrorCode;
using units::fail;

/// "HTTP/1.1 101 Switching Protocols"; the version is known to fit.
std::optional<int> parse_status(std::string_view line) {
  int status = 0;
  if (line.size() < 12 || (line.size() > 12 && line[12] != ' ')) return std::nullopt;
  const auto [end, code] = std::from_chars(line.data() + 9, line.data() + 12, status);
  if (code != std::errc{} || end != line.data() + 12 || status < 100) return std::nullopt;
  return status;
}

/// Told twice, these would mean two things; the rest is nothing to us.
bool read_by_us(std::string_view field) {
  constexpr std::array<std::string_view, 8> kRead{"connection",
                                                  "content-length",
                                                  "retry-after",
                                                  "sec-websocket-accept",
                                                  "sec-websocket-protocol",
                                                  "sec-websocket-extensions",
                                                  "transfer-encoding",
                                                  "upgrade"};
  return std::ranges::find(kRead, field) != kRead.end();
}

bool parse_field(std::string_view line, std::map<std::string, std::string>& fields) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == std::string_view::npos) return false;
  const std::string_view name = line.substr(0, colon), value = units::trimmed(line.substr(colon + 1));
  if (!std::ranges::all_of(name, units::is_token_character)) return false;
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; };
  if (std::ranges::any_of(value, control)) return false;
  const std::string key = units::lowered(std::string(name));
  return fields.emplace(key, value).second || !read_by_us(key);
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (units::same_ignoring_case(units::trimmed(list.substr(0, comma)), token)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string_view ResponseHead::field(const std::string& name) const {
  const auto at = fields.find(name);
  return at == fields.end() ? std::string_view() : at->second;
}

units::Result<std::optional<ResponseHead>> parse_response(std::string_view bytes, Answerer who) {
  const bool proxy = who == Answerer::proxy;
  const auto refuse = [proxy](const char* what) {
    return fail(ErrorCode::invalid, std::string("the answer isn't HTTP/1.1 (") + what + "); is this " +
                                        (proxy ? "an HTTP proxy?" : "a Vedette collector?"));
  };
  const auto begins = [bytes](std::string_view start) {
    const std::size_t known = std::min(bytes.size(), start.size());
    return bytes.substr(0, known) == start.substr(0, known);
  };
  if (!begins("HTTP/1.1 ") && !(proxy && begins("HTTP/1.0 "))) return refuse("its first line");
  const std::size_t end = bytes.find("\r\n\r\n");
  if (std::min(end, bytes.size()) > kMaxHead) return fail(ErrorCode::too_large, "the answer's head is over 16 kB");
  if (end == std::string_view::npos) return std::nullopt;
  ResponseHead head;
  head.size = end + 4;
  std::string_view rest = bytes.substr(0, end + 2);
  for (bool first = true; !rest.empty(); first = false) {
    const std::size_t stop = rest.find("\r\n");
    const std::string_view line = rest.substr(0, stop);
    rest.remove_prefix(stop + 2);
    if (first) {
      const auto status = parse_status(line);
      if (!status) return refuse("its first line");
      head.status = *status;
    } else if (!parse_field(line, head.fields)) {
      return refuse("a header line");
    }
  }
  return head;
}

std::string upgrade_request(const CollectorAddress& address, std::string_view key, const Upgrade& upgrade) {
  std::string request = "GET " + address.path + upgrade.path + " HTTP/1.1\r\nHost: " + host_field(address) +
                        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n";
  const auto add = [&request](std::string_view field, std::string_view value) {
    if (!value.empty()) request.append(field).append(value).append("\r\n");
  };
  add("Sec-WebSocket-Key: ", key);
  add("Sec-WebSocket-Protocol: ", upgrade.subprotocol);
  add("Sec-WebSocket-Extensions: ", upgrade.extensions);
  if (!upgrade.bearer.empty()) add("Authorization: Bearer ", upgrade.bearer);
  return request + "\r\n";
}

units::Result<void> check_upgrade(const ResponseHead& head, std::string_view key, const Upgrade& upgrade) {
  const std::string code = "HTTP " + std::to_string(head.status);
  if (head.status == 401) {
    return fail(ErrorCode::unauthorized,
                "the collector doesn't know this agent's key (" + code + "): enrol again with a new token");
  }
  if (head.status == 403) {
    return fail(ErrorCode::forbidden, "the collector has revoked this agent (" + code +
                                          "): if that was a mistake, enrol again with a new token");
  }
  if (head.status == 426) {
    return fail(ErrorCode::version, "the collector doesn't speak this agent's protocol (" + code +
                                        "): install the version of the agent that belongs to it");
  }
  if (head.status == 429 || head.status >= 500) {
    return fail(ErrorCode::unavailable, "the collector can't take this agent now (" + code + ")");
  }
  if (head.status != 101) {
    return fail(ErrorCode::invalid, "the answer was " + code + " instead of an upgrade; is this a Vedette collector?");
  }
  const auto wrong = [](const char* what) {
    return fail(ErrorCode::invalid, std::string("the upgrade's ") + what + "; something between changed it");
  };
  if (!units::same_ignoring_case(head.field("upgrade"), "websocket")) return wrong("Upgrade header isn't websocket");
  if (!has_token(head.field("connection"), "upgrade")) return wrong("Connection header lacks upgrade");
  if (head.field("sec-websocket-accept") != wire::accept_key(key)) return wrong("Sec-WebSocket-Accept is wrong");
  if (head.field("sec-websocket-protocol") != upgrade.subprotocol) {
    return fail(ErrorCode::invalid,
                "the upgrade's subprotocol isn't \"" + upgrade.subprotocol + "\"; something between changed it");
  }
  if (upgrade.extensions.empty() && !head.field("sec-websocket-extensions").empty())
    return wrong("extensions weren't asked for");
  return {};
}

std::optional<units::Milliseconds> retry_after(const ResponseHead& head) {
  const std::string_view text = head.field("retry-after");
  std::int64_t seconds = 0;
  const char* last = text.data() + text.size();
  const auto [end, status] = std::from_chars(text.data(), last, seconds);
  if (text.empty() || status != std::errc{} || end != last || seconds < 0) return std::nullopt;
  return std::chrono::seconds(std::min<std::int64_t>(seconds, 3600));
}

std::string post_request(const CollectorAddress& address, std::string_view path, std::string_view json) {
  return "POST " + address.path + std::string(path) + " HTTP/1.1\r\nHost: " + host_field(address) +
         "\r\nContent-Type: application/json\r\nAccept: application/json\r\nX-Requested-With: vedette\r\n"
         "Connection: close\r\nContent-Length: " +
         std::to_string(json.size()) + "\r\n\r\n" + std::string(json);
}

std::string delete_request(const CollectorAddress& address, std::string_view path, std::string_view bearer) {
  return "DELETE " + address.path + std::string(path) + " HTTP/1.1\r\nHost: " + host_field(address) +
         "\r\nAuthorization: Bearer " + std::string(bearer) +
         "\r\nAccept: application/json\r\nX-Requested-With: vedette\r\nConnection: close\r\n\r\n";
}

}  // namespace vedette::link
