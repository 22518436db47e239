#include "agent/app/way.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "schema/units/log.h"
#include "schema/units/utf8.h"

namespace vedette::app {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

units::Result<Way> way_to(const std::vector<std::string>& urls, const std::string& pin, const std::string& proxy) {
  Way way;
  for (const std::string& url : urls) {
    const auto address = link::parse_collector_url(url);
    if (!address) return std::unexpected(address.error());
    way.collectors.push_back(*address);
  }
  if (!pin.empty()) {
    const auto parsed = link::parse_pin(pin);
    if (!parsed) return std::unexpected(parsed.error());
    way.reach.pin = *parsed;
  }
  auto choice = link::choose_proxy(proxy, variable);
  if (!choice) return std::unexpected(choice.error());
  way.reach.proxy = std::move(*choice);
  return way;
}

units::Result<Way> way_of(const config::Config& config, const config::Identity& identity) {
  std::vector<std::string> urls = config.urls;
  if (urls.empty()) {
    urls = identity.other_urls;
    urls.insert(urls.begin(), identity.url);
  }
  return way_to(urls, identity.pin, config.proxy);
}

void warn_of_open_secrets(const std::string& file, const config::Config& config) {
  const bool secret = config.proxy.find('@') != std::string::npos || (config.enroll && !config.enroll->token.empty());
  struct stat info{};
  if (!secret || ::stat(file.c_str(), &info) != 0 || (info.st_mode & 004) == 0) return;
  units::log_warning("everyone on this machine may read the configuration, which holds a password or token",
                     {{"file", file}, {"do", "chown root:vedette-agent and chmod 0640"}});
}

std::string to_text(const std::vector<link::CollectorAddress>& collectors) {
  std::string text;
  for (const link::CollectorAddress& one : collectors) text += (text.empty() ? "" : " ") + link::to_url(one);
  return text;
}

std::string own_hostname() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? units::repair_utf8(name.data()) : "";
}

config::Identity identity_of(const Way& way, const link::Enrolment& enrolment, const std::string& name,
                             const std::vector<std::string>& tags) {
  config::Identity identity{.url = link::to_url(way.collectors.front()),
                            .pin = way.reach.pin ? link::to_string(*way.reach.pin) : "",
                            .host_id = enrolment.host_id,
                            .key = enrolment.key,
                            .hostname = name,
                            .tags = tags};
  for (std::size_t i = 1; i < way.collectors.size(); ++i) {
    identity.other_urls.push_back(link::to_url(way.collectors[i]));
  }
  return identity;
}

}  // namespace vedette::app
