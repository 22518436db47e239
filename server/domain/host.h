// Hosts: who they are, how they are, and what is noticed about their connections.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "schema/units/host_id.h"
#include "schema/units/time.h"
#include "server/domain/ids.h"
#include "server/domain/network_path.h"

namespace vedette::domain {

/// As `GET hosts` names them. `down` = lost, unresponsive, rejected, or stopped for longer than alerts.stopped_after.
enum class HostStatus : std::uint8_t { fresh /* "new" */, up, stopped, lost, unresponsive, rejected, unknown };
[[nodiscard]] std::string_view name(HostStatus status) noexcept;

/// What the agent tells of its machine at each connection.
struct HostFacts {
  std::string hostname, os, kernel, architecture, cpu_model, timezone, virtualization, agent_version;
  std::uint32_t cores = 0;
  std::uint64_t memory_bytes = 0;
  units::Instant boot_time{};       ///< in the collector's time, whatever the host's clock says; zero if it wasn't told
  std::vector<std::string> tags{};  ///< of the agent's configuration: units::are_tags
  bool operator==(const HostFacts&) const = default;
};

/// A row of the fleet that survives restarts (control.db).
struct HostRecord {
  HostNumber number{};
  units::HostId id;
  std::string name;               ///< unique, from the hostname at enrolment ("web", "web-2")
  std::vector<std::string> tags;  ///< set at the collector; if there are none, in the fleet's views the agent's own
  units::Instant enrolled{};
  bool revoked = false;
};

/// The living state of one host. `reason` holds the words of the liveness table verbatim, empty when up.
struct HostState {
  HostStatus status = HostStatus::fresh;
  units::Instant since{};
  std::string reason;
  std::optional<units::Instant> last_tick;
  std::optional<std::chrono::microseconds> rtt;
  std::optional<units::Milliseconds> skew;  ///< host's clock minus the collector's
  /// Hosts that are away with the same number lost one path together: one incident. 0: nothing like that is known, also
  /// for those that were lost in an earlier run of the collector.
  std::uint64_t path_loss = 0;
};

/// What ingest saw happen to a host's connection, in order. The fleet turns it into HostState.
namespace seen {
struct Welcomed {
  std::uint32_t boot = 0;
  HostFacts facts;
  std::string peer;
  std::optional<bool> same_run;  ///< the agent's process is the one that was connected before; absent if none was yet
  NetworkPath path;
};
struct GoodBye {
  std::string words;
};  ///< "service stopped", "host is shutting down", "rebooting", "upgrading"
struct EndedWithoutClose {
  std::string how;
  bool behind_proxy = false;
};  ///< how: "FIN", "RST", "TLS eof": evidence, not the verdict's words
struct Replaced {};  ///< 4409: a newer connection of the same host took over; no change of status
struct ClosedByUs {
  std::uint16_t code = 0;
  std::string reason;
};  ///< protocol fault, revoked, …
struct Silent {
  bool machine_answers = false;
  bool behind_proxy = false;
};  ///< 10 s without a byte
struct AnswersAgain {};  ///< a pong after Silent, on the same socket
struct RoundTrip {
  std::chrono::microseconds rtt{};
  units::Milliseconds skew{};
};
struct BackfillDone {};  ///< nothing older than the live ticks is left
struct Happened {
  units::Instant at{};
  std::string kind, text;
  std::uint64_t count = 0;
  std::uint64_t id = 0;  ///< the agent's; 0: it isn't told again
};
}  // namespace seen
using Sighting = std::variant<seen::Welcomed, seen::GoodBye, seen::EndedWithoutClose, seen::Replaced, seen::ClosedByUs,
                              seen::Silent, seen::AnswersAgain, seen::RoundTrip, seen::BackfillDone, seen::Happened>;

/// What an agent reported beside samples: a boot, an OOM kill, a failed unit. The same (host, id) is the same one.
struct Happening {
  HostNumber host{};
  std::uint64_t id = 0;
  units::Instant at{};
  std::string kind;         ///< "boot", "oom_kill" …: whatever the agent's version knows
  std::string text;         ///< one line
  std::uint64_t count = 0;  ///< of what is counted; 0 where nothing is
};

/// A time a host wasn't up, kept for charts (labelled gaps), the timeline and the incident's words.
struct Outage {
  std::uint64_t id = 0;
  HostNumber host{};
  units::Instant from{};             ///< the last sign of life before it
  std::optional<units::Instant> to;  ///< back since; absent while it lasts
  HostStatus status = HostStatus::lost;
  std::string reason;      ///< the verdict at the time
  std::string correction;  ///< what turned out: "host was up; network cut 03:02–03:09"; empty if nothing
  bool notified = false;   ///< false after its end: it was shorter than notify.hold, a note only
};

}  // namespace vedette::domain
