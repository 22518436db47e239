#include "agent/link/proxy.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "schema/units/ascii.h"

namespace vedette::link {
namespace {

using units::ErrorCode;
using units::fail;

constexpr std::size_t kLongestUrl = 2'048;

std::string base64(const std::string& text) {
  std::vector<unsigned char> out(4 * ((text.size() + 2) / 3) + 1);
  const int length =
      EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(length)};
}

/// Percent-decoded; nothing for a broken escape or a control character.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = static_cast<unsigned char>(text[i]);
    if (text[i] == '%') {
      const auto [end, code] = std::from_chars(text.data() + std::min(i + 1, text.size()),
                                               text.data() + std::min(i + 3, text.size()), value, 16);
      if (code != std::errc{} || i + 3 > text.size() || end != text.data() + i + 3) return std::nullopt;
      i += 2;
    }
    if (value < 0x20 || value == 0x7f) return std::nullopt;
    out += static_cast<char>(value);
  }
  return out;
}

/// The base64 of "user:password"; nothing if it can't be sent.
std::optional<std::string> credentials_of(std::string_view text) {
  const std::size_t colon = std::min(text.find(':'), text.size());
  const auto user = decoded(text.substr(0, colon));
  const auto password = decoded(text.substr(std::min(colon + 1, text.size())));
  if (!user || !password || user->empty() || user->find(':') != std::string::npos) return std::nullopt;
  return base64(*user + ":" + *password);
}

}  // namespace

units::Result<Proxy> parse_proxy_url(std::string_view url) {
  const auto refuse = [](const char* why) {
    return fail(ErrorCode::invalid, std::string(why) + "; write http://HOST:PORT or http://USER:PASSWORD@HOST:PORT");
  };
  if (url.size() > kLongestUrl) return refuse("the proxy's URL is over 2 kB");
  std::string_view rest = url;
  if (const std::size_t scheme = rest.find("://"); scheme != std::string_view::npos) {
    if (!units::same_ignoring_case(rest.substr(0, scheme), "http")) {
      return refuse("only proxies that are spoken to in plain HTTP are supported (TLS to the collector runs through)");
    }
    rest.remove_prefix(scheme + 3);
  }
  if (rest.ends_with('/')) rest.remove_suffix(1);
  Proxy proxy;
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const auto credentials = credentials_of(rest.substr(0, at));
    if (!credentials) return refuse("the proxy's user or password isn't percent-encoded text");
    proxy.credentials = *credentials;
    rest.remove_prefix(at + 1);
  }
  // The same grammar as the collector's, whose words would name the wrong one.
  const auto address = parse_collector_url("https://" + std::string(rest));
  const bool port_told = rest.rfind(':') != std::string_view::npos && !rest.ends_with(']');
  if (!address || !address->path.empty()) return refuse("the proxy's URL has a host or port that can't be read");
  if (!port_told) return refuse("the proxy's URL has no port");
  proxy.host = address->host;
  proxy.port = address->port;
  return proxy;
}

std::optional<Proxy> ProxyChoice::for_collector(const CollectorAddress& collector) const {
  return proxy && !goes_direct(no_proxy, collector) ? proxy : std::nullopt;
}

units::Result<ProxyChoice> choose_proxy(const std::string& configured,
                                        const std::function<std::string(const char*)>& variable) {
  if (configured == "none") return ProxyChoice{};
  std::string text = configured, place = "proxy";
  ProxyChoice choice;
  if (text.empty()) {
    for (const char* name : {"https_proxy", "HTTPS_PROXY"}) {
      place = name;
      text = variable(name);
      if (!text.empty()) break;
    }
    choice.no_proxy = variable("no_proxy");
    if (choice.no_proxy.empty()) choice.no_proxy = variable("NO_PROXY");
  }
  if (text.empty()) return choice;
  auto proxy = parse_proxy_url(text);
  if (!proxy) {
    return fail(ErrorCode::invalid, (configured.empty() ? "the environment's " : "the configuration's ") + place +
                                        " can't be used: " + proxy.error().message);
  }
  choice.proxy = std::move(*proxy);
  return choice;
}

std::string authority(const Proxy& proxy) {
  return authority(CollectorAddress{proxy.host, proxy.port});
}

std::string connect_request(const CollectorAddress& collector, const Proxy& proxy) {
  const std::string target = authority(collector);
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!proxy.credentials.empty()) request += "Proxy-Authorization: Basic " + proxy.credentials + "\r\n";
  return request + "\r\n";
}

units::Result<void> check_tunnel(const ResponseHead& head, const CollectorAddress& collector, const Proxy& proxy) {
  if (head.status >= 200 && head.status < 300) return {};
  const std::string who = "the proxy " + authority(proxy), code = " (HTTP " + std::to_string(head.status) + ")";
  const std::string target = authority(collector);
  if (head.status == 407) {
    std::string offer(head.field("proxy-authenticate").substr(0, 100));
    if (!offer.empty()) offer = "; it asks for: " + offer;
    const bool told = !proxy.credentials.empty();
    return fail(ErrorCode::unauthorized,
                who + (told ? " doesn't accept the user and password" : " wants a user and password") + code + offer +
                    (told ? "; correct them in its URL (percent-encoded; this agent speaks Basic only)"
                          : "; write its URL as http://USER:PASSWORD@HOST:PORT (this agent speaks Basic only)"));
  }
  if (head.status == 403 || head.status == 405) {
    return fail(ErrorCode::forbidden, who + " doesn't let this machine through to " + target + code +
                                          "; allow CONNECT to that host and port there");
  }
  if (head.status == 429 || head.status >= 500) {
    return fail(ErrorCode::unavailable, who + " can't reach " + target + " now" + code);
  }
  return fail(ErrorCode::invalid,
              who + " answered CONNECT with HTTP " + std::to_string(head.status) + "; is that an HTTP proxy?");
}

}  // namespace vedette::link
