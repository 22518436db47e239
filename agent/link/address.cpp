#include "agent/link/address.h"

#include <algorithm>
#include <charconv>

#include "schema/units/ascii.h"

namespace vedette::link {
namespace {

bool host_character(char c, bool bracketed) {
  return units::is_letter_or_digit(c) || c == '.' || (bracketed ? c == ':' : c == '-' || c == '_');
}

}  // namespace

units::Result<CollectorAddress> parse_collector_url(std::string_view url) {
  const auto refuse = [&](const char* why) {
    return units::fail(units::ErrorCode::invalid, "\"" + std::string(url) + "\" is no collector's address: " + why +
                                                      "; write https://HOST:PORT or https://HOST:PORT/PATH");
  };
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return refuse("it doesn't begin with https://");
  std::string_view rest = url.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  CollectorAddress address;
  const std::size_t slash = std::min(rest.find('/'), rest.size());
  address.path = rest.substr(slash);
  rest = rest.substr(0, slash);
  if (address.path.size() > 1'024 || !units::is_plain_path(address.path)) {
    return refuse("the path has something else than segments of letters, digits and -_.~");
  }
  const bool bracketed = rest.starts_with('[');
  const std::size_t end = bracketed ? rest.find(']') : std::min(rest.find(':'), rest.size());
  if (end == std::string_view::npos) return refuse("the bracket isn't closed");
  address.host = rest.substr(bracketed ? 1 : 0, end - (bracketed ? 1 : 0));
  rest.remove_prefix(end + (bracketed ? 1 : 0));
  if (address.host.empty() || address.host.size() > 253) return refuse("the host is missing or too long");
  for (const char c : address.host) {
    if (!host_character(c, bracketed)) return refuse("the host has a character that hosts don't have");
  }
  if (rest.empty()) return address;
  const char* last = rest.data() + rest.size();
  const auto [stop, status] = std::from_chars(rest.data() + 1, last, address.port);
  if (rest.front() != ':' || status != std::errc{} || stop != last || address.port == 0) {
    return refuse("the port isn't a number from 1 to 65535");
  }
  return address;
}

std::string authority(const CollectorAddress& address) {
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::string host_field(const CollectorAddress& address) {
  const std::string both = authority(address);
  return address.port == 443 ? both.substr(0, both.rfind(':')) : both;
}

std::string to_url(const CollectorAddress& address) {
  return "https://" + authority(address) + address.path;
}

}  // namespace vedette::link
