// What /etc/vedette/agent.toml may say. Everything has a default; the file need not exist.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/metrics/catalogue.h"
#include "schema/units/log.h"
#include "schema/units/quantities.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::config {

/// What an agent that starts without an identity enrols with: [enroll] of the configuration, or STATE/enroll.toml.
struct EnrolSource {
  std::vector<std::string> urls;  ///< url: one or a list; the first that can be reached is taken
  std::string token;              ///< token: secret
  std::string token_file;         ///< token_file: instead of token; its first line
  std::string ca_pin;             ///< ca_pin: "sha256:…"; empty: the system's certificates are trusted
  std::string name;               ///< name: as Config's, for this enrolment
  std::vector<std::string> tags;  ///< tags: likewise
  std::string place;              ///< for messages: where it stands
};

struct Config {
  std::string state = "/var/lib/vedette-agent";  ///< state: where enroll stores identity and key
  units::Milliseconds interval{1'000};           ///< interval: until the collector's Welcome sets one; 100 ms to 1 h
  units::Level log_level = units::Level::info;   ///< log_level: error, warning, notice, info, debug
  units::Bytes spool_size = units::mib(64);      ///< spool.size: 1 to 1024 MiB
  units::Milliseconds spool_age = std::chrono::days{2};  ///< spool.age: 1 min to 30 d
  bool processes = true;                                 ///< processes.top: tell which processes use most
  std::size_t cgroups_limit = 100;                       ///< cgroups.limit: 1 to 1000
  std::string textfile_directory = "/var/spool/vedette-agent/textfile.d";  ///< textfile.directory
  std::size_t textfile_series = 500;                                       ///< textfile.series: 1 to 10000
  std::string job_socket = "/run/vedette-agent/jobs.sock";                 ///< jobs.socket
  bool process_arguments = false;                                          ///< processes.args: with their command lines
  metrics::Groups groups;             ///< metrics.cpu, metrics.memory …: true or false each
  std::vector<std::string> urls;      ///< url: one or a list, instead of the identity's
  std::string proxy;                  ///< proxy: "none" or a URL; empty: the environment's. May hold a password
  std::string name;                   ///< name: to be listed under; empty: the identity's
  std::vector<std::string> tags;      ///< tags: units::are_tags; empty: the identity's
  std::optional<EnrolSource> enroll;  ///< [enroll]
};

/// `path` is for messages only. `invalid` names file, line, key and what is allowed.
[[nodiscard]] units::Result<Config> parse(std::string_view text, std::string_view path);

/// state/enroll.toml: the keys of [enroll], without a section; nothing if there is no such file.
[[nodiscard]] units::Result<std::optional<EnrolSource>> load_enrol_file(const std::string& state);
inline constexpr const char* kEnrolFile = "enroll.toml";

/// Reads the file; the defaults if it doesn't exist and `required` is false. Anything but a regular file is `invalid`.
[[nodiscard]] units::Result<Config> load(const std::string& path, bool required);

inline constexpr const char* kDefaultPath = "/etc/vedette/agent.toml";
/// For a command's --config: the file that it named, or, if it named none, the default one, which need not exist.
[[nodiscard]] units::Result<Config> load_named(const std::string& named);

/// Every key with its meaning and default, as comments: what packages install.
[[nodiscard]] std::string example();

/// The identity that enrolment gave this host: state/agent.toml. identity_writer.h writes it.
struct Identity {
  std::string url;                        ///< https://HOST:PORT, or with a path behind it
  std::string pin;                        ///< "sha256:…"; empty: the system's certificates are trusted
  std::string host_id;                    ///< 32 hex digits
  std::string key;                        ///< secret
  std::string hostname;                   ///< to be listed under; empty: the machine's own
  std::vector<std::string> other_urls{};  ///< tried in this order while the first can't be reached
  std::vector<std::string> tags{};        ///< told to the collector unless the configuration has some
};

/// `not_found` if this host isn't enrolled, `io` if the file can't be read, `corrupt` if it isn't what enroll wrote.
[[nodiscard]] units::Result<Identity> load_identity(const std::string& state);

/// Takes away what makes this machine a host: identity, spool, what is kept of runs and jobs, enroll.toml. What isn't
/// there is no error.
[[nodiscard]] units::Result<void> remove_identity(const std::string& state);
[[nodiscard]] units::Result<void> remove_file(const std::string& path);

}  // namespace vedette::config
