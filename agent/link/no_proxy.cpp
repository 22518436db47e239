// The part of proxy.h that reads no_proxy. There is no standard: these are the forms that curl and Go agree on.
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>

#include "agent/link/proxy.h"
#include "schema/units/ascii.h"

namespace vedette::link {
namespace {

struct Ip {
  int family = 0;
  std::array<std::uint8_t, 16> bytes{};
};

std::optional<Ip> parse_ip(const std::string& text) {
  Ip ip;
  for (const int family : {AF_INET, AF_INET6}) {
    ip.family = family;
    if (::inet_pton(family, text.c_str(), ip.bytes.data()) == 1) return ip;
  }
  return std::nullopt;
}

std::optional<unsigned> parse_number(std::string_view text) {
  unsigned value = 0;
  const char* last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, value);
  if (text.empty() || code != std::errc{} || end != last) return std::nullopt;
  return value;
}

bool same_network(const Ip& one, const Ip& other, unsigned bits) {
  if (one.family != other.family || bits > (one.family == AF_INET ? 32U : 128U)) return false;
  if (std::memcmp(one.bytes.data(), other.bytes.data(), bits / 8) != 0) return false;
  const auto mask = static_cast<std::uint8_t>(0xff00U >> (bits % 8));
  return bits % 8 == 0 || ((one.bytes[bits / 8] ^ other.bytes[bits / 8]) & mask) == 0;
}

/// Takes ":PORT" or brackets off; false if the word is for another port.
bool take_port(std::string_view& word, std::uint16_t port) {
  const bool bracketed = word.starts_with('[');
  const std::size_t colon = word.rfind(':');
  const bool told = bracketed ? colon == word.find(']') + 1 : colon == word.find(':');
  if (told && colon != std::string_view::npos) {
    if (parse_number(word.substr(colon + 1)) != port) return false;
    word = word.substr(0, colon);
  }
  if (bracketed && word.ends_with(']')) word = word.substr(1, word.size() - 2);
  return true;
}

bool names(std::string_view word, const CollectorAddress& collector) {
  if (word == "*") return true;
  if (!take_port(word, collector.port)) return false;
  const auto ip = parse_ip(collector.host);
  if (ip) {
    const std::size_t slash = std::min(word.find('/'), word.size());
    const auto network = parse_ip(std::string(word.substr(0, slash)));
    if (!network) return false;
    if (slash == word.size()) return same_network(*ip, *network, network->family == AF_INET ? 32 : 128);
    const auto bits = parse_number(word.substr(slash + 1));
    return bits && same_network(*ip, *network, *bits);
  }
  if (word.starts_with("*.")) word.remove_prefix(1);
  if (word.starts_with('.')) word.remove_prefix(1);
  if (word.empty()) return false;
  const std::string_view host = collector.host;
  if (units::same_ignoring_case(host, word)) return true;
  return host.size() > word.size() && host[host.size() - word.size() - 1] == '.' &&
         units::same_ignoring_case(host.substr(host.size() - word.size()), word);
}

}  // namespace

bool goes_direct(std::string_view no_proxy, const CollectorAddress& collector) {
  while (!no_proxy.empty()) {
    const std::size_t end = std::min(no_proxy.find_first_of(", \t"), no_proxy.size());
    if (end > 0 && names(no_proxy.substr(0, end), collector)) return true;
    no_proxy.remove_prefix(std::min(end + 1, no_proxy.size()));
  }
  return false;
}

}  // namespace vedette::link
