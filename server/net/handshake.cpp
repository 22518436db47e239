#include "server/net/handshake.h"

#include <algorithm>

#include "schema/units/ascii.h"
#include "schema/wire/session.h"

namespace vedette::net {
namespace {

std::unexpected<domain::Response> refuse(int status, std::string_view words, std::vector<domain::Header> headers = {}) {
  return std::unexpected(domain::problem(status, words, std::move(headers)));
}

/// 16 bytes in base64: 22 digits and "==".
bool is_key(std::string_view key) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return key.size() == 24 && key.ends_with("==") && key.find_first_not_of(kDigits) == 22;
}

std::vector<std::string> read_list(std::string_view value) {
  std::vector<std::string> items;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const std::string_view part = units::trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    if (!part.empty()) items.emplace_back(part);
  }
  return items;
}

/// A list that may come in several fields.
std::string joined(const domain::RequestHead& head, std::string_view field) {
  std::string all;
  for (const auto& [name, value] : head.headers) {
    if (name == field) all += (all.empty() ? "" : ", ") + value;
  }
  return all;
}

}  // namespace

bool asks_for_websocket(const ParsedHead& request) {
  return has_token(request.head, "upgrade", "websocket");
}

std::expected<Handshake, domain::Response> check_handshake(const ParsedHead& request) {
  const domain::RequestHead& head = request.head;
  if (head.method != "GET")
    return refuse(405, "A WebSocket handshake is a GET, not " + head.method + ".", {{"Allow", "GET"}});
  if (request.http_1_0) {
    return refuse(400,
                  "A WebSocket handshake needs HTTP/1.1; this was HTTP/1.0. Does a proxy in between speak HTTP/1.1?");
  }
  if (!has_token(head, "connection", "upgrade")) {
    return refuse(400, "The handshake's Connection lacks \"Upgrade\"; does a proxy in between forward WebSockets?");
  }
  if (request.chunked || request.content_length > 0) return refuse(400, "A WebSocket handshake has no body.");
  const auto count = [&](std::string_view name) {
    return std::ranges::count(head.headers, name, &domain::Header::first);
  };
  if (count("sec-websocket-version") != 1 || head.header("sec-websocket-version") != "13") {
    return refuse(426, "Sec-WebSocket-Version has to be 13 (RFC 6455): the only version spoken here.",
                  {{"Sec-WebSocket-Version", "13"}, {"Upgrade", "websocket"}});
  }
  const auto keys = count("sec-websocket-key");
  if (keys != 1 || !is_key(head.header("sec-websocket-key"))) {
    return refuse(400, "Sec-WebSocket-Key has to be 16 bytes in base64, once.");
  }
  Handshake handshake;
  for (const auto& [name, value] : head.headers) {
    if (name != "sec-websocket-protocol") continue;
    for (std::string& item : read_list(value)) {
      if (!std::ranges::all_of(item, units::is_token_character))
        return refuse(400, "Sec-WebSocket-Protocol is malformed.");
      handshake.offered.push_back(std::move(item));
    }
  }
  if (auto extensions = wire::parse_extensions(joined(head, "sec-websocket-extensions"))) {
    handshake.extensions = std::move(*extensions);
  } else {
    return refuse(400, extensions.error().message + ".");
  }
  handshake.accept = wire::accept_key(head.header("sec-websocket-key"));
  return handshake;
}

std::string switching_protocols(const Handshake& handshake, const std::string& subprotocol,
                                const std::string& extensions) {
  std::string out =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
  out += handshake.accept + "\r\n";
  if (!subprotocol.empty()) out += "Sec-WebSocket-Protocol: " + subprotocol + "\r\n";
  if (!extensions.empty()) out += "Sec-WebSocket-Extensions: " + extensions + "\r\n";
  return out + "\r\n";
}

}  // namespace vedette::net
