#include "agent/config/config.h"

#include <sys/stat.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <functional>
#include <sstream>

#include "agent/config/take.h"
#include "schema/units/tags.h"

namespace vedette::config {
namespace {

using units::ErrorCode;
using units::fail;

/// Reads one value into the config; what is allowed otherwise.
using Take = bool (*)(const toml::node& value, Config& config);

struct Key {
  std::string_view name;
  std::string_view allowed;
  Take take;
};

bool take_duration(const toml::node& value, units::Milliseconds least, units::Milliseconds most,
                   units::Milliseconds& into) {
  const auto text = value.value<std::string>();
  const auto span = text ? units::parse_duration(*text) : fail(ErrorCode::invalid, "");
  if (!span || *span < least || *span > most) return false;
  into = *span;
  return true;
}

bool take_level(const toml::node& value, Config& config) {
  constexpr std::array<std::pair<std::string_view, units::Level>, 5> kLevels{{{"error", units::Level::error},
                                                                              {"warning", units::Level::warning},
                                                                              {"notice", units::Level::notice},
                                                                              {"info", units::Level::info},
                                                                              {"debug", units::Level::debug}}};
  const std::string text = value.value<std::string>().value_or("");
  for (const auto& [name, level] : kLevels) {
    if (text == name) return config.log_level = level, true;
  }
  return false;
}

bool take_state(const toml::node& value, Config& config) {
  config.state = value.value<std::string>().value_or("");
  return config.state.starts_with('/');
}

bool take_spool_size(const toml::node& value, Config& config) {
  const std::string text = value.value<std::string>().value_or("");
  const std::string_view digits = std::string_view(text).substr(0, text.find("MiB"));
  std::uint64_t size = 0;
  const auto [end, status] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (!text.ends_with("MiB") || status != std::errc{} || end != digits.data() + digits.size()) return false;
  config.spool_size = units::mib(size);
  return size >= 1 && size <= 1024;
}

bool take_switch(const toml::node& value, bool& on) {
  const auto given = value.value_exact<bool>();
  on = given.value_or(on);
  return given.has_value();
}

bool take_count(const toml::node& value, std::int64_t most, std::size_t& into) {
  const auto given = value.value_exact<std::int64_t>();
  if (!given || *given < 1 || *given > most) return false;
  into = static_cast<std::size_t>(*given);
  return true;
}

bool take_path(const toml::node& value, std::string& path) {
  path = value.value_exact<std::string>().value_or("");
  return path.starts_with('/');
}

EnrolSource& source_of(Config& config) {
  return config.enroll ? *config.enroll : config.enroll.emplace();
}

constexpr std::string_view kUrlRule = "\"https://HOST:PORT\" or a list of up to 8 of them";
constexpr std::string_view kNameRule = "1 to 253 letters, digits, \"-\", \".\" or \"_\"";
const std::string kTagsRule = "a list of up to 32 different tags, each " + std::string(units::kTagRule);

const std::array kKeys = std::to_array<Key>({
    {"state", "an absolute path, as in \"/var/lib/vedette-agent\"", take_state},
    {"interval", "a duration from \"100ms\" to \"1h\"",
     [](const toml::node& value, Config& config) {
       return take_duration(value, units::Milliseconds{100}, std::chrono::hours{1}, config.interval);
     }},
    {"log_level", "\"error\", \"warning\", \"notice\", \"info\" or \"debug\"", take_level},
    {"spool.size", "a size from \"1MiB\" to \"1024MiB\"", take_spool_size},
    {"spool.age", "a duration from \"1m\" to \"30d\"",
     [](const toml::node& value, Config& config) {
       return take_duration(value, std::chrono::minutes{1}, std::chrono::days{30}, config.spool_age);
     }},
    {"processes.top", "true or false",
     [](const toml::node& value, Config& config) { return take_switch(value, config.processes); }},
    {"processes.args", "true or false",
     [](const toml::node& value, Config& config) { return take_switch(value, config.process_arguments); }},
    {"cgroups.limit", "a whole number from 1 to 1000",
     [](const toml::node& value, Config& config) { return take_count(value, 1'000, config.cgroups_limit); }},
    {"textfile.directory", "an absolute path",
     [](const toml::node& value, Config& config) { return take_path(value, config.textfile_directory); }},
    {"textfile.series", "a whole number from 1 to 10000",
     [](const toml::node& value, Config& config) { return take_count(value, 10'000, config.textfile_series); }},
    {"jobs.socket", "an absolute path",
     [](const toml::node& value, Config& config) { return take_path(value, config.job_socket); }},
    {"url", kUrlRule, [](const toml::node& value, Config& config) { return take_urls(value, config.urls); }},
    {"proxy", "\"http://[USER:PASSWORD@]HOST:PORT\" or \"none\"",
     [](const toml::node& value, Config& config) { return take_line(value, config.proxy); }},
    {"name", kNameRule, [](const toml::node& value, Config& config) { return take_name(value, config.name); }},
    {"tags", kTagsRule, [](const toml::node& value, Config& config) { return take_tags(value, config.tags); }},
    {"enroll.url", kUrlRule,
     [](const toml::node& value, Config& config) { return take_urls(value, source_of(config).urls); }},
    {"enroll.token", "a token from `vedette-server token create`",
     [](const toml::node& value, Config& config) { return take_line(value, source_of(config).token); }},
    {"enroll.token_file", "an absolute path, as in \"/run/secrets/vedette-token\"",
     [](const toml::node& value, Config& config) {
       return take_line(value, source_of(config).token_file) && source_of(config).token_file.starts_with('/');
     }},
    {"enroll.ca_pin", "the line that `vedette-server pin` prints",
     [](const toml::node& value, Config& config) { return take_line(value, source_of(config).ca_pin); }},
    {"enroll.name", kNameRule,
     [](const toml::node& value, Config& config) { return take_name(value, source_of(config).name); }},
    {"enroll.tags", kTagsRule,
     [](const toml::node& value, Config& config) { return take_tags(value, source_of(config).tags); }},
});

std::string allowed_keys() {
  std::string list;
  for (const Key& key : kKeys) list += (list.empty() ? "" : ", ") + std::string(key.name);
  return list + ", metrics.GROUP";
}

std::string group_names() {
  std::string list;
  for (const std::string_view group : metrics::kGroupNames) list += (list.empty() ? "" : ", ") + std::string(group);
  return list;
}

/// [metrics]: a switch a group.
units::Result<void> take_groups(const toml::table& table, std::string_view path, metrics::Groups& groups) {
  for (const auto& [name, value] : table) {
    const auto* known = std::ranges::find(metrics::kGroupNames, name.str());
    if (known == metrics::kGroupNames.end()) {
      return fail(ErrorCode::invalid, place(path, name.source()) + ": unknown key \"metrics." +
                                          std::string(name.str()) + "\"; groups of metrics: " + group_names());
    }
    const auto on = value.value_exact<bool>();
    if (!on) {
      return fail(ErrorCode::invalid,
                  place(path, value.source()) + ": metrics." + std::string(name.str()) + " must be true or false");
    }
    groups.set(static_cast<metrics::Group>(known - metrics::kGroupNames.begin()), *on);
  }
  return {};
}

bool is_table_of_keys(std::string_view name) {
  return std::ranges::any_of(kKeys, [&](const Key& key) {
    return key.name.starts_with(name) && key.name.substr(name.size()).starts_with('.');
  });
}

units::Result<void> take(const toml::table& table, const std::string& prefix, std::string_view path, Config& config) {
  for (const auto& [name, value] : table) {
    const std::string key = prefix + std::string(name.str());
    if (prefix.empty() && is_table_of_keys(key) && value.is_table()) {
      if (auto taken = take(*value.as_table(), key + ".", path, config); !taken) return taken;
      continue;
    }
    if (prefix.empty() && key == "metrics" && value.is_table()) {
      if (auto taken = take_groups(*value.as_table(), path, config.groups); !taken) return taken;
      continue;
    }
    const auto* known = std::ranges::find(kKeys, key, &Key::name);
    if (known == kKeys.end()) {
      return fail(ErrorCode::invalid,
                  place(path, name.source()) + ": unknown key \"" + key + "\"; allowed: " + allowed_keys());
    }
    if (!known->take(value, config)) {
      return fail(ErrorCode::invalid,
                  place(path, value.source()) + ": " + key + " must be " + std::string(known->allowed));
    }
  }
  return {};
}

/// What can't enrol as it stands is a mistake, also on a machine that is enrolled already.
units::Result<void> check(EnrolSource& source, std::string place) {
  source.place = std::move(place);
  if (source.urls.empty()) return fail(ErrorCode::invalid, source.place + " lacks url, the collector's address");
  if (source.token.empty() == source.token_file.empty()) {
    return fail(ErrorCode::invalid, source.place +
                                        " needs either token or token_file; `vedette-server token create` "
                                        "makes a token");
  }
  return {};
}

}  // namespace

units::Result<Config> parse(std::string_view text, std::string_view path) {
  const auto table = parse_toml(text, path);
  if (!table) return std::unexpected(table.error());
  Config config;
  if (const auto taken = take(*table, "", path, config); !taken) return std::unexpected(taken.error());
  const toml::node* section = table->get("enroll");
  if (section == nullptr) return config;
  if (const auto whole = check(source_of(config), place(path, section->source()) + ": [enroll]"); !whole) {
    return std::unexpected(whole.error());
  }
  return config;
}

units::Result<std::optional<EnrolSource>> load_enrol_file(const std::string& state) {
  const std::string path = state + "/" + kEnrolFile;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    if (error == ENOENT) return std::nullopt;
    return fail(ErrorCode::io,
                "can't read " + path + ": " + std::strerror(error) + "; give it to the user that the agent runs as");
  }
  std::ostringstream text;
  text << file.rdbuf();
  const auto table = parse_toml(text.str(), path);
  if (!table) return std::unexpected(table.error());
  Config config;
  if (const auto taken = take(*table, "enroll.", path, config); !taken) return std::unexpected(taken.error());
  if (const auto whole = check(source_of(config), path); !whole) return std::unexpected(whole.error());
  return std::move(config.enroll);
}

units::Result<Config> load(const std::string& path, bool required) {
  struct stat status{};
  // A directory can be opened, and then reads as if it were empty.
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode)) {
    return fail(ErrorCode::invalid, path + (S_ISDIR(status.st_mode) ? " is a directory" : " is no regular file") +
                                        "; it must be a TOML file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    if (error == ENOENT && !required) return Config{};
    return fail(error == ENOENT ? ErrorCode::invalid : ErrorCode::io,
                "can't read the configuration " + path + ": " + std::strerror(error));
  }
  std::ostringstream text;
  text << file.rdbuf();
  return parse(text.str(), path);
}

units::Result<Config> load_named(const std::string& named) {
  return load(named.empty() ? kDefaultPath : named, !named.empty());
}

}  // namespace vedette::config
