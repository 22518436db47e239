#include "server/app/proxy_settings.h"

#include "server/access/origin.h"
#include "server/api/mounted.h"
#include "server/net/networks.h"

namespace vedette::app {

using config::Table;

namespace {

std::string base_path_rule() {
  std::string words =
      "it must be a path like \"/vedette\": no \"/\" at its end, segments of letters, digits and -_.~, and not begin "
      "with what the collector has itself:";
  for (const std::string_view path : api::own_paths()) words += " /" + std::string(path);
  return words;
}

net::Networks read_networks(Table& server, const char* key) {
  net::Networks networks;
  for (const std::string& text : server.texts(key).value_or(std::vector<std::string>{})) {
    if (const auto added = networks.add(text); !added) {
      server.fault(key, "holds \"" + text + "\"; " + added.error().message);
    }
  }
  return networks;
}

void read_base_path(Table& table, Settings& settings) {
  const std::string in_url = access::path_of(settings.public_url);
  const auto given = table.text("base_path");
  settings.base_path = given.value_or(in_url);
  if (!settings.base_path.empty() && !api::is_base_path(settings.base_path)) {
    const std::string what = given ? "is \"" : "has the path \"";
    return table.fault(given ? "base_path" : "public_url", what + settings.base_path + "\"; " + base_path_rule());
  }
  if (settings.public_url.empty() || settings.base_path == in_url) return;
  table.fault("base_path", "is \"" + settings.base_path + "\", but the path of server.public_url is \"" + in_url +
                               "\"; leave base_path out, or make both the same");
}

}  // namespace

void read_proxies(Table& server, Settings& settings) {
  settings.net.trusted_proxies = read_networks(server, "trusted_proxies");
  settings.net.passthrough_proxies = read_networks(server, "passthrough_proxies");
  if (const auto both = settings.net.passthrough_proxies.shared_with(settings.net.trusted_proxies)) {
    server.fault("passthrough_proxies",
                 "holds \"" + *both +
                     "\", and server.trusted_proxies holds addresses of it too; a proxy that hands bytes through "
                     "writes no headers that could be believed: name it in one of them only");
  }
  read_base_path(server, settings);
}

void read_tls_at_proxy(Table& tls, Settings& settings) {
  if (!tls.flag("at_proxy").value_or(false)) return;
  if (settings.net.trusted_proxies.empty()) {
    tls.fault("at_proxy",
              "is true, but server.trusted_proxies names no proxy: nobody could connect; name the proxy's address "
              "there, as in [\"127.0.0.1\"]");
  }
  if (!settings.net.passthrough_proxies.empty()) {
    tls.fault("at_proxy",
              "is true, so connections of server.passthrough_proxies would be closed unread; leave one of the two out");
  }
  if (!settings.certificate.empty() || !settings.key.empty()) {
    tls.fault("at_proxy", "is true, so tls.certificate and tls.key would never be used; give them to the proxy");
  }
  settings.net.plaintext = settings.net.only_proxies = true;
}

std::unexpected<units::Error> no_pin() {
  return units::fail(units::ErrorCode::invalid,
                     "there is no pin: TLS ends at the proxy (tls.at_proxy), so agents check the proxy's certificate; "
                     "enrol them without --ca-pin, or with the pin of the CA that signed it");
}

}  // namespace vedette::app
