// The configuration: what the file and the command line say, as the modules' own structs. Reading is strict; every
// fault names file, line, key and what is allowed.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "server/access/attempts.h"
#include "server/access/certificates.h"
#include "server/access/enrolment.h"
#include "server/alerts/rule.h"
#include "server/app/options.h"
#include "server/config/table.h"
#include "server/history/retention.h"
#include "server/ingest/allowance.h"
#include "server/live/limits.h"
#include "server/net/config.h"
#include "server/notify/receiver.h"

namespace vedette::history {
struct Options;
}
namespace vedette::processes {
struct Options;
}

namespace vedette::app {

/// Those of [limits] that no module's own Config holds.
struct Limits {
  std::size_t body = 4'096;            ///< bytes; of login and enrolment
  std::size_t agent_message = 65'536;  ///< bytes of one message
  ingest::Rates agents;
  live::Limits live;
  std::uint32_t agents_per_token = access::kMostAgentsPerToken;
  std::uint32_t login_tries = access::Attempts::kFreeTries;
  std::uint32_t enrolment_tries = access::EnrolmentDesk::kFreeTries;
};

/// Backups over the API.
struct BackupSettings {
  std::filesystem::path directory;                  ///< empty: none are made
  std::string place;                                ///< "server.toml:3: backup.directory", for faults
  std::filesystem::path program{"/proc/self/exe"};  ///< what makes them, by its command `backup`
};

struct Settings {
  std::string file;  ///< what was read; empty: none
  std::filesystem::path data = "/var/lib/vedette";
  std::filesystem::path dashboard = "/usr/share/vedette/dashboard";
  std::string public_url;                    ///< empty: made of the machine's name and the port
  std::string base_path;                     ///< "/vedette": public_url's path; empty: the collector has the whole name
  std::vector<std::string> allowed_origins;  ///< with public_url's, in access::origin_of's form
  std::filesystem::path certificate, key;    ///< both or none
  std::string certificate_place, key_place,
      token_place;     ///< "server.toml:3: tls.certificate", for faults of the files named
  history::Keep keep;  ///< without a budget: default_budget() of the data directory
  units::Milliseconds keep_processes{std::chrono::days{7}};
  std::chrono::day billing_day{1};           ///< on which months of traffic begin, 1 to 28
  std::filesystem::path metrics_token_file;  ///< empty: /metrics only from this machine
  alerts::Config alerts;                     ///< rules and notify.hold; receivers' names
  notify::Config notify;                     ///< the receivers themselves
  Limits limits;
  BackupSettings backup;
  net::Config net;  ///< its certificate is filled in at start
};

/// Bytes that history may take where nothing else is set: the smaller of 10 GB and a fifth of the disk; absent if the
/// disk can't be asked.
[[nodiscard]] std::optional<std::uint64_t> default_budget(const std::filesystem::path& data);

/// The history of `settings.data`.
[[nodiscard]] history::Options history_options(const Settings& settings);
/// Its lists of processes.
[[nodiscard]] processes::Options processes_options(const Settings& settings);

/// The file of --config (or /etc/vedette/server.toml if it is there), overridden by --data, --listen and --dashboard.
/// `invalid` with one line a fault.
[[nodiscard]] units::Result<Settings> read_settings(const Options& options);
/// As read_settings, from a file read already. Pure.
[[nodiscard]] units::Result<Settings> settings_of(config::File file, const Options& options);

/// Can the files that the configuration names be used, the certificate with its key and the metrics token, and do
/// backups go elsewhere than into the data? `invalid` naming key and file.
[[nodiscard]] units::Result<void> check_files(const Settings& settings, units::Instant now);
/// The same for `check-config`, where a certificate that isn't valid yet is a fault too. `run` only warns of it: it may
/// be the clock, which some machines set after their services started.
[[nodiscard]] units::Result<void> check_files_strictly(const Settings& settings, units::Instant now);
/// The line of telemetry.token_file; empty if none is configured.
[[nodiscard]] units::Result<std::string> read_metrics_token(const Settings& settings);

/// "0.0.0.0:8443", "[::]:8443", "localhost:0" into address and port.
[[nodiscard]] units::Result<void> parse_listen(const std::string& text, net::Config& net);

/// What the server certificate must be good for: this machine's names, the listen address, public_url's host.
[[nodiscard]] std::set<std::string> certificate_names(const Settings& settings);
/// The configured certificate, or where ours is and what it must be good for.
[[nodiscard]] access::CertificateConfig certificate_config(const Settings& settings);

}  // namespace vedette::app
