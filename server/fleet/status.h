// From what was seen of a host's connection to its status and words: the table of docs/liveness.md. Pure.
#pragma once

#include <optional>
#include <string>

#include "server/domain/host.h"

namespace vedette::fleet {

/// The words of an end without goodbye.
inline constexpr std::string_view kLostWords =
    "connection ended without goodbye: agent killed, or something between cut it";
/// The same through a proxy, which ends its connection to us whether the agent's ended or it stops itself.
inline constexpr std::string_view kLostBehindProxy = "connection ended without goodbye: agent or path";
/// Of a host that this run of the collector never saw: it can't say what went.
inline constexpr std::string_view kNotBack =
    "not back since the collector started: host off, agent stopped, or path cut";

struct Judgement {
  domain::HostStatus status = domain::HostStatus::unknown;
  std::string reason;
  bool wait = false;  ///< only if the host isn't back in 2 s
};

/// The status after this sighting; nullopt when it changes nothing.
[[nodiscard]] std::optional<Judgement> judge(domain::HostStatus current, const domain::Sighting& sighting);

/// lost or unresponsive: nothing is heard, for whatever reason.
[[nodiscard]] bool is_lost(domain::HostStatus status) noexcept;

/// lost, unresponsive, rejected or stopped.
[[nodiscard]] bool away(domain::HostStatus status) noexcept;

}  // namespace vedette::fleet
