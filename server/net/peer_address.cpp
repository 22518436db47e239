#include "server/net/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ranges>
#include <utility>

#include "schema/units/ascii.h"

namespace vedette::net {
namespace {

/// The host part alone: `text` without brackets and port.
std::optional<PeerAddress> parse_host(const std::string& text) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (::inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else if (::inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr) == 1) {
    storage.ss_family = AF_INET6;
  } else {
    return std::nullopt;
  }
  PeerAddress address = address_of(storage);
  address.text = address.host.find(':') == std::string::npos ? address.host : "[" + address.host + "]";
  return address;
}

/// The /24 network of an IPv4 address in network order.
std::string subnet_of(in_addr v4) {
  std::array<char, INET_ADDRSTRLEN> text{};
  v4.s_addr &= htonl(0xffffff00);
  return std::string(::inet_ntop(AF_INET, &v4, text.data(), text.size())) + "/24";
}

/// Takes the last item off a comma-separated list.
std::string_view take_last(std::string_view& list) {
  const std::size_t comma = list.rfind(',');
  const std::string_view item = units::trimmed(list.substr(comma + 1));  // npos + 1 is 0
  list = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
  return item;
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), port);
  return code == std::errc{} && end == text.data() + text.size();
}

}  // namespace

PeerAddress address_of(const sockaddr_storage& storage) {
  PeerAddress address;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    address.host = ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    address.network = address.host;
    address.text = address.host + ":" + std::to_string(ntohs(v4.sin_port));
    address.loopback = (ntohl(v4.sin_addr.s_addr) >> 24) == 127;
    if (!address.loopback) address.subnet = subnet_of(v4.sin_addr);
    return address;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
  address.host = ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  address.loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
  if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
    address.host.erase(0, std::strlen("::ffff:"));
    address.loopback = v6.sin6_addr.s6_addr[12] == 127;
    address.text = address.host + ":" + std::to_string(ntohs(v6.sin6_port));
    address.network = address.host;
    in_addr mapped{};
    std::memcpy(&mapped, v6.sin6_addr.s6_addr + 12, sizeof mapped);
    if (!address.loopback) address.subnet = subnet_of(mapped);
  } else {
    in6_addr network = v6.sin6_addr;
    std::fill(std::begin(network.s6_addr) + 8, std::end(network.s6_addr), std::uint8_t{0});
    address.network = std::string(::inet_ntop(AF_INET6, &network, text.data(), text.size())) + "/64";
    address.text = "[" + address.host + "]:" + std::to_string(ntohs(v6.sin6_port));
    if (!address.loopback) address.subnet = address.network;
  }
  return address;
}

std::optional<PeerAddress> parse_address(std::string_view text) {
  std::string_view host = text, port;
  const bool bracketed = text.starts_with('[');
  if (bracketed) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else if (std::ranges::count(text, ':') == 1) {
    host = text.substr(0, text.find(':'));
    port = text.substr(host.size());
  }
  if (!port.empty() && (!port.starts_with(':') || !is_port(port.substr(1)))) return std::nullopt;
  if (bracketed && host.find(':') == std::string_view::npos) return std::nullopt;
  auto address = parse_host(std::string(host));
  if (address) address->text += port;
  return address;
}

std::string_view last_item(const domain::RequestHead& head, std::string_view lower_case_name) {
  std::string_view value;
  for (const auto& [name, text] : head.headers) {
    if (name == lower_case_name) value = text;
  }
  return take_last(value);
}

std::optional<PeerAddress> forwarded_client(const domain::RequestHead& head, const Networks& trusted_proxies) {
  std::optional<PeerAddress> nearest;
  for (const auto& [name, text] : std::views::reverse(head.headers)) {
    if (name != "x-forwarded-for") continue;
    for (std::string_view list = text; !list.empty();) {
      const auto address = parse_address(take_last(list));
      if (!address) return nearest;
      nearest = address;
      if (!trusted_proxies.hold(address->host)) return nearest;
    }
  }
  return nearest;
}

domain::NetworkPath path_of(const PeerAddress& socket, bool is_proxy) {
  return is_proxy ? domain::NetworkPath{socket.host, ""} : domain::NetworkPath{"", socket.subnet};
}

bool was_forwarded(const domain::RequestHead& head) {
  return std::ranges::any_of(head.headers, [](const domain::Header& header) {
    return header.first.starts_with("x-forwarded-") || header.first == "forwarded" || header.first == "via";
  });
}

}  // namespace vedette::net
