#include "server/app/settings.h"

#include <charconv>
#include <fstream>

#include "server/access/addresses.h"
#include "server/access/origin.h"
#include "server/app/alert_settings.h"
#include "server/app/backup_settings.h"
#include "server/app/limit_settings.h"
#include "server/app/proxy_settings.h"
#include "server/history/store.h"
#include "server/processes/store.h"

namespace vedette::app {

using config::Table;
using units::ErrorCode;
using units::Result;

namespace {

constexpr auto kDefaultFile = "/etc/vedette/server.toml";
constexpr std::size_t kShortestToken = 16;

void add_origin(Table& table, const std::string& key, const std::string& url, Settings& settings) {
  auto origin = access::origin_of(url);
  if (origin) {
    settings.allowed_origins.push_back(std::move(*origin));
  } else {
    table.fault(key, "is wrong: " + origin.error().message);
  }
}

void read_server(Table table, Settings& settings) {
  if (auto data = table.text("data")) settings.data = *data;
  if (auto dashboard = table.text("dashboard")) settings.dashboard = *dashboard;
  if (auto listen = table.text("listen")) {
    if (auto read = parse_listen(*listen, settings.net); !read) table.fault("listen", read.error().message);
  }
  if (auto url = table.text("public_url")) {
    settings.public_url = *url;
    add_origin(table, "public_url", *url, settings);
    if (const auto target = notify::web_target(*url); table.sound() && !target) {
      table.fault("public_url", target.error().message);
    }
  }
  for (const std::string& url : table.texts("allowed_origins").value_or(std::vector<std::string>{})) {
    add_origin(table, "allowed_origins", url, settings);
  }
  read_proxies(table, settings);
  table.finish();
}

void read_tls(Table table, Settings& settings) {
  settings.certificate = table.text("certificate").value_or("");
  settings.certificate_place = table.place("certificate");
  settings.key = table.text("key").value_or("");
  settings.key_place = table.place("key");
  if (settings.certificate.empty() && !settings.key.empty())
    table.require("certificate", "\"/etc/vedette/server.crt\"");
  if (settings.key.empty() && !settings.certificate.empty()) table.require("key", "\"/etc/vedette/server.key\"");
  read_tls_at_proxy(table, settings);
  table.finish();
}

void read_history(Table table, Settings& settings) {
  constexpr std::uint64_t kLeast = 100'000'000;
  settings.keep.budget = table.bytes("budget");
  if (settings.keep.budget && *settings.keep.budget < kLeast) table.fault("budget", "must be at least \"100MB\"");
  constexpr std::pair<const char*, history::Tier> kAges[] = {
      {"keep_raw", history::Tier::raw}, {"keep_minutes", history::Tier::minute}, {"keep_hours", history::Tier::hour}};
  for (const auto& [key, tier] : kAges) {
    auto& age = settings.keep.ages[static_cast<std::size_t>(tier)];
    age = table.duration(key).value_or(age);
    if (age < std::chrono::days(1)) table.fault(key, "must be at least \"1d\"");
  }
  settings.keep_processes = table.duration("keep_processes").value_or(settings.keep_processes);
  if (settings.keep_processes < std::chrono::days(1) || settings.keep_processes > std::chrono::days(90)) {
    table.fault("keep_processes", "must be from \"1d\" to \"90d\"");
  }
  // Every month has a 28th.
  if (const auto day = table.whole("billing_day", 1, 28)) {
    settings.billing_day = std::chrono::day(static_cast<unsigned>(*day));
  }
  table.finish();
}

void read_telemetry(Table table, Settings& settings) {
  settings.metrics_token_file = table.text("token_file").value_or("");
  settings.token_place = table.place("token_file");
  table.finish();
}

}  // namespace

std::optional<std::uint64_t> default_budget(const std::filesystem::path& data) {
  constexpr std::uint64_t kMost = 10'000'000'000;
  std::error_code error;
  const auto space = std::filesystem::space(data, error);
  if (error) return std::nullopt;
  return std::min<std::uint64_t>(kMost, space.capacity / 5);
}

history::Options history_options(const Settings& settings) {
  history::Options options;
  options.directory = settings.data;
  options.keep = settings.keep;
  if (!options.keep.budget) options.keep.budget = default_budget(settings.data);
  return options;
}

processes::Options processes_options(const Settings& settings) {
  processes::Options options;
  options.directory = settings.data;
  options.keep = settings.keep_processes;
  return options;
}

Result<void> parse_listen(const std::string& text, net::Config& net) {
  const std::string wanted = "is \"" + text + "\"; it must be ADDRESS:PORT like \"0.0.0.0:8443\" or \"[::]:8443\"";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return units::fail(ErrorCode::invalid, wanted);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [last, code] = std::from_chars(text.data() + colon + 1, end, port);
  if (code != std::errc{} || last != end || !access::is_address(host)) return units::fail(ErrorCode::invalid, wanted);
  net.address = host;
  net.port = port;
  return {};
}

Result<Settings> settings_of(config::File file, const Options& options) {
  Settings settings;
  read_server(file.table("server"), settings);
  read_tls(file.table("tls"), settings);
  read_history(file.table("history"), settings);
  read_backup(file.table("backup"), settings);
  read_telemetry(file.table("telemetry"), settings);
  read_limits(file.table("limits"), settings);
  settings.notify.public_url = settings.public_url;
  read_alerts(file, settings.alerts, settings.notify);
  if (const auto& faults = file.finish(); !faults.none()) return units::fail(ErrorCode::invalid, faults.joined());
  if (options.has("data")) settings.data = options.get("data");
  if (options.has("dashboard")) settings.dashboard = options.get("dashboard");
  if (options.has("listen")) {
    if (auto read = parse_listen(options.get("listen"), settings.net); !read) {
      return units::fail(ErrorCode::invalid, "--listen " + read.error().message);
    }
  }
  return settings;
}

Result<Settings> read_settings(const Options& options) {
  std::string path = options.get("config");
  std::error_code ignored;
  if (path.empty() && std::filesystem::exists(kDefaultFile, ignored) && !options.has("data")) path = kDefaultFile;
  if (path.empty()) return settings_of(config::File::empty(), options);
  auto file = config::File::read(path);
  if (!file) return std::unexpected(std::move(file.error()));
  auto settings = settings_of(std::move(*file), options);
  if (settings) settings->file = path;
  return settings;
}

Result<std::string> read_metrics_token(const Settings& settings) {
  const auto& file = settings.metrics_token_file;
  if (file.empty()) return std::string();
  std::ifstream in(file);
  std::string token;
  if (!in || !std::getline(in, token) || token.size() < kShortestToken) {
    return units::fail(ErrorCode::invalid, settings.token_place + " is \"" + file.string() +
                                               "\"; it must be a readable file of one line of at least 16 characters");
  }
  return token;
}

Result<void> check_files(const Settings& settings, units::Instant now) {
  if (auto token = read_metrics_token(settings); !token) return std::unexpected(std::move(token.error()));
  if (auto apart = check_backup(settings); !apart) return apart;
  if (settings.certificate.empty()) return {};  // ours is made, not configured
  if (const auto good = access::check_certificate(settings.certificate, now); !good) {
    return units::fail(ErrorCode::invalid, settings.certificate_place + ": " + good.error().message);
  }
  if (const auto good = access::check_key(settings.key, settings.certificate); !good) {
    return units::fail(ErrorCode::invalid, settings.key_place + ": " + good.error().message);
  }
  return {};
}

Result<void> check_files_strictly(const Settings& settings, units::Instant now) {
  if (auto good = check_files(settings, now); !good || settings.certificate.empty()) return good;
  const auto files = access::prepare_certificates(certificate_config(settings), now);
  if (!files || files->starts <= now) return {};
  return units::fail(ErrorCode::invalid, settings.certificate_place + ": " + files->chain.string() + " is valid from " +
                                             units::date_utc(files->starts) + " only, and this machine's clock says " +
                                             units::date_utc(now) +
                                             "; set the clock, or put a valid certificate there");
}

std::set<std::string> certificate_names(const Settings& settings) {
  std::set<std::string> names = access::machine_names();
  if (settings.net.address != "0.0.0.0" && settings.net.address != "::") names.insert(settings.net.address);
  if (const std::string host = access::host_of(settings.public_url); !host.empty()) names.insert(host);
  return names;
}

access::CertificateConfig certificate_config(const Settings& settings) {
  return {settings.data / "tls", settings.certificate, settings.key, certificate_names(settings)};
}

}  // namespace vedette::app
