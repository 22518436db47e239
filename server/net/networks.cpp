#include "server/net/networks.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace vedette::net {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr Bytes kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

std::optional<Bytes> bytes_of(const std::string& host) {
  Bytes bytes = kMapped;
  if (::inet_pton(AF_INET, host.c_str(), bytes.data() + kMappedBits / 8) == 1) return bytes;
  if (::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

bool is_v4(const Bytes& bytes) {
  return std::equal(kMapped.begin(), kMapped.begin() + kMappedBits / 8, bytes.begin());
}

/// The address with all bits behind the prefix 0.
Bytes masked(Bytes bytes, unsigned prefix) {
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp(static_cast<int>(prefix) - static_cast<int>(i * 8), 0, 8);
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return bytes;
}

std::unexpected<units::Error> no_good(const std::string& words) {
  return units::fail(units::ErrorCode::invalid, words);
}

}  // namespace

Networks::Networks(std::initializer_list<std::string> texts) {
  for (const std::string& text : texts) {
    if (!add(text)) std::abort();
  }
}

std::optional<Networks::Network> Networks::parse(const std::string& text) {
  const std::size_t slash = text.find('/');
  const std::string host = text.substr(0, slash);
  const auto bytes = bytes_of(host);
  if (!bytes) return std::nullopt;
  Network network{*bytes, 128};
  if (slash == std::string::npos) return network;
  unsigned prefix = 0;
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data() + slash + 1, last, prefix);
  const unsigned before = host.find(':') == std::string::npos ? kMappedBits : 0;
  if (code != std::errc{} || end != last || prefix > 128 - before) return std::nullopt;
  network.prefix = before + prefix;
  return network;
}

units::Result<void> Networks::add(const std::string& text) {
  auto network = parse(text);
  if (!network) return no_good("it must be an IP address without a port, or a network like 172.18.0.0/16");
  const Bytes whole = masked(network->address, network->prefix);
  if (network->prefix <= kMappedBits && whole == masked(kMapped, network->prefix)) {
    return no_good("that holds every IPv4 address: name the proxies' own addresses, or a network of proxies alone");
  }
  if (whole != network->address) {
    network->address = whole;
    return no_good("its network is \"" + network->text() + "\": write that, or the address alone");
  }
  all_.push_back(*network);
  return {};
}

bool Networks::Network::holds(const Bytes& other) const {
  return masked(other, prefix) == address;
}

std::string Networks::Network::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4(address) && prefix >= kMappedBits;
  const auto* const bytes = address.data() + (v4 ? kMappedBits / 8 : 0);
  std::string out = ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes, text.data(), text.size());
  return prefix == 128 ? out : out + "/" + std::to_string(prefix - (v4 ? kMappedBits : 0));
}

bool Networks::hold(const std::string& host) const {
  if (all_.empty()) return false;
  const auto bytes = bytes_of(host);
  return bytes && std::ranges::any_of(all_, [&](const Network& network) { return network.holds(*bytes); });
}

std::optional<std::string> Networks::shared_with(const Networks& theirs) const {
  for (const Network& own : all_) {
    const auto meets = [&](const Network& other) { return own.holds(other.address) || other.holds(own.address); };
    if (std::ranges::any_of(theirs.all_, meets)) return own.text();
  }
  return std::nullopt;
}

std::vector<std::string> Networks::texts() const {
  std::vector<std::string> texts;
  texts.reserve(all_.size());
  for (const Network& network : all_) texts.push_back(network.text());
  return texts;
}

}  // namespace vedette::net
