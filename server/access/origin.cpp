#include "server/access/origin.h"

#include <algorithm>

#include "schema/units/ascii.h"

namespace vedette::access {

units::Result<std::string> origin_of(std::string_view url) {
  const std::string text = units::lowered(std::string(url));
  const bool secure = text.starts_with("https://");
  const std::string scheme = secure ? "https://" : "http://";
  if (!text.starts_with(scheme)) {
    return units::fail(units::ErrorCode::invalid,
                       "\"" + std::string(url) + "\" isn't a URL like \"https://example.org:8443\"");
  }
  std::string authority = text.substr(scheme.size());
  authority = authority.substr(0, authority.find_first_of("/?#"));
  const std::string standard = secure ? ":443" : ":80";
  if (authority.ends_with(standard)) authority.resize(authority.size() - standard.size());
  if (authority.empty() || authority.find_first_of("@ ") != std::string::npos) {
    return units::fail(units::ErrorCode::invalid, "\"" + std::string(url) + "\" names no host");
  }
  return scheme + authority;
}

std::string host_of(std::string_view url) {
  const auto origin = origin_of(url);
  if (!origin) return {};
  std::string authority = origin->substr(origin->find("//") + 2);
  if (authority.starts_with('[')) return authority.substr(1, authority.find(']') - 1);
  return authority.substr(0, authority.find(':'));
}

std::string path_of(std::string_view url) {
  const std::size_t scheme = url.find("//");
  if (scheme == std::string_view::npos) return {};
  url = url.substr(0, url.find_first_of("?#"));
  std::string path(url.substr(std::min(url.find('/', scheme + 2), url.size())));
  if (path.ends_with('/')) path.pop_back();
  return path;
}

units::Result<void> check_origin(std::string_view origin, std::string_view host, bool secure,
                                 const std::vector<std::string>& allowed) {
  const auto own = origin_of((secure ? "https://" : "http://") + std::string(host));
  if ((own && origin == *own) || std::ranges::find(allowed, origin) != allowed.end()) return {};
  std::string words = origin.empty()
                          ? "The request has no Origin header; expected "
                          : "The page's Origin \"" + std::string(origin) + "\" isn't this collector's; expected ";
  words += "\"" + (own ? *own : "https://" + std::string(host)) + "\"";
  for (const std::string& one : allowed) words += " or \"" + one + "\"";
  words += ". If the collector is reached under another name, set server.public_url or server.allowed_origins.";
  return units::fail(units::ErrorCode::forbidden, words);
}

}  // namespace vedette::access
