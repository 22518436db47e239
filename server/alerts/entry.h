// What the engine keeps of one alert that isn't over, and how it is stored. Values; pure.
#pragma once

#include <string>

#include "schema/units/result.h"
#include "server/alerts/step.h"
#include "server/domain/alert.h"

namespace vedette::alerts {

struct Entry {
  std::size_t rule = 0;  ///< index; not stored, the rule's name is
  std::string series;    ///< name of what the rule judged when the alert began; empty for host-down
  AlertState state;
  domain::Alert alert;
  units::Instant host_since{};  ///< of the status that made host-down fire
  units::Instant kept_tick{};   ///< state.last_tick as the store has it
};

/// The body of a stored state: JSON, version 1.
[[nodiscard]] std::string encode(const Entry& entry);

/// All but Entry::rule; the state counts as restored. `version` or `corrupt`, naming `key`.
[[nodiscard]] units::Result<Entry> decode(const std::string& key, const std::string& body);

}  // namespace vedette::alerts
