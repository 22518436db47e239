// From what was seen of a host's connection to its status and words: the table of docs/liveness.md. Pure.
#pragma once

#include <optional>
#include <string>

#include "server/domain/host.h"

namespace vedette::fleet {

/// The words of an end without goodbye; they stand for every host that is `lost`.
inline constexpr std::string_view kLostWords =
    "connection ended without goodbye: agent killed, or something between cut it";

struct Judgement {
  domain::HostStatus status = domain::HostStatus::unknown;
  std::string reason;
  bool wait = false;  ///< only if the host isn't back in 2 s
};

/// The status after this sighting; nullopt when it changes nothing.
[[nodiscard]] std::optional<Judgement> judge(domain::HostStatus current, const domain::Sighting& sighting);

/// lost, unresponsive, rejected or stopped.
[[nodiscard]] bool away(domain::HostStatus status) noexcept;

}  // namespace vedette::fleet
