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

bool take_series(const toml::node& value, Config& config) {
  const auto given = value.value_exact<std::int64_t>();
  if (!given || *given < 1 || *given > 10'000) return false;
  config.textfile_series = static_cast<std::size_t>(*given);
  return true;
}

bool take_path(const toml::node& value, std::string& path) {
  path = value.value_exact<std::string>().value_or("");
  return path.starts_with('/');
}

const std::array<Key, 10> kKeys{{
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
    {"textfile.directory", "an absolute path",
     [](const toml::node& value, Config& config) { return take_path(value, config.textfile_directory); }},
    {"textfile.series", "a whole number from 1 to 10000", take_series},
    {"jobs.socket", "an absolute path",
     [](const toml::node& value, Config& config) { return take_path(value, config.job_socket); }},
}};

std::string place(std::string_view path, const toml::source_region& source) {
  return std::string(path) + ":" + std::to_string(source.begin.line);
}

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

units::Result<void> take(const toml::table& table, const std::string& prefix, std::string_view path, Config& config) {
  for (const auto& [name, value] : table) {
    const std::string key = prefix + std::string(name.str());
    if (prefix.empty() && (key == "spool" || key == "processes" || key == "textfile" || key == "jobs") &&
        value.is_table()) {
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

units::Result<toml::table> parse_toml(std::string_view text, std::string_view path) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return fail(ErrorCode::invalid, place(path, error.source()) + ": " + std::string(error.description()));
  }
}

}  // namespace

units::Result<Config> parse(std::string_view text, std::string_view path) {
  const auto table = parse_toml(text, path);
  if (!table) return std::unexpected(table.error());
  Config config;
  if (const auto taken = take(*table, "", path, config); !taken) return std::unexpected(taken.error());
  return config;
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

std::string example() {
  std::string text =
      "# Vedette agent. Everything has a default: these are they. vedette-agent(1) explains.\n\n"
      "# Where `vedette-agent enroll` stores identity and key, and `run` looks for them.\n"
      "#state = \"/var/lib/vedette-agent\"\n\n"
      "# How often to measure until the collector sets it; \"100ms\" to \"1h\".\n"
      "#interval = \"1s\"\n\n"
      "# error, warning, notice, info or debug\n"
      "#log_level = \"info\"\n\n"
      "# What is kept in the state directory for a collector that can't be reached; the oldest is dropped first, "
      "and counted.\n"
      "#[spool]\n"
      "#size = \"64MiB\"\n"
      "#age = \"2d\"\n\n"
      "# Tell every minute which processes use most CPU and memory; with args also their command lines, where\n"
      "# passwords may stand.\n"
      "#[processes]\n"
      "#top = true\n"
      "#args = false\n\n"
      "# Your own metrics: *.prom files of a directory, in Prometheus' text format; at most so many series in all.\n"
      "#[textfile]\n"
      "#directory = \"/var/spool/vedette-agent/textfile.d\"\n"
      "#series = 500\n\n"
      "# Where `vedette-agent job NAME -- COMMAND` reports to the agent.\n"
      "#[jobs]\n"
      "#socket = \"/run/vedette-agent/jobs.sock\"\n\n"
      "# What is measured; `vedette-agent list-metrics` tells what belongs to each group.\n"
      "#[metrics]\n";
  for (const std::string_view group : metrics::kGroupNames) text += '#' + std::string(group) + " = true\n";
  return text;
}

units::Result<Identity> load_identity(const std::string& state) {
  const std::string path = state + "/agent.toml";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    if (error == ENOENT) {
      return fail(ErrorCode::not_found, "this machine isn't enrolled: " + path +
                                            " doesn't exist; run `vedette-agent enroll https://HOST:PORT --token T "
                                            "--ca-pin PIN --state " +
                                            state + "`");
    }
    return fail(ErrorCode::io, "can't read " + path + ": " + std::strerror(error));
  }
  std::ostringstream text;
  text << file.rdbuf();
  const auto table = parse_toml(text.str(), path);
  if (!table) return std::unexpected(table.error());
  Identity identity;
  const std::array<std::pair<const char*, std::string*>, 5> fields{{{"url", &identity.url},
                                                                    {"pin", &identity.pin},
                                                                    {"host_id", &identity.host_id},
                                                                    {"key", &identity.key},
                                                                    {"hostname", &identity.hostname}}};
  for (const auto& [name, field] : fields) {
    const auto value = (*table)[name].value<std::string>();
    const bool may_be_empty = field == &identity.pin || field == &identity.hostname;
    if (!value || (value->empty() && !may_be_empty)) {
      return fail(ErrorCode::corrupt, path + " lacks \"" + name + "\": enrol this machine again");
    }
    *field = *value;
  }
  return identity;
}

}  // namespace vedette::config
