// Rules and alerts, in Prometheus' and Alertmanager's words.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::domain {

enum class Severity : std::uint8_t { info, warning, critical };
enum class Phase : std::uint8_t { inactive, pending, firing, resolved };
[[nodiscard]] std::string_view name(Severity severity) noexcept;
[[nodiscard]] std::string_view name(Phase phase) noexcept;

/// One alert as `GET alerts`, the topic `alerts` and notifications show it. Stable id through its life; a new firing is
/// a new one.
struct Alert {
  std::uint64_t id = 0;
  std::string rule;  ///< the rule's name, "host-down"
  HostNumber host{};
  std::vector<metrics::Attribute>
      attributes;  ///< which of the host's series, e.g. mountpoint=/var; empty for host-down
  Phase phase = Phase::pending;
  Severity severity = Severity::warning;
  units::Instant since{};       ///< when `phase` began
  std::optional<double> value;  ///< the newest judged value, base unit
  std::string unit;             ///< of `value`, after rate: "1", "By/s"; empty for host-down
  std::string reason;  ///< words: "lost: connection ended without goodbye: …", "CPU 97.2 % above 90 % for 60 s"
  std::optional<units::Instant> notifies_at;  ///< while held back by notify.hold; absent without receivers
  std::optional<units::Instant> notified_at;  ///< when the hold ended and "firing" went out to the receivers
  std::uint64_t incident = 0;                 ///< what a person is told about once
};

enum class Transition : std::uint8_t { fired, resolved };

/// A host as a notification names it.
struct NamedHost {
  std::string id;  ///< 32 hex digits
  std::string name;
};

/// What a notification says, fixed when it is queued so that words don't change between retries.
struct Notice {
  std::uint64_t incident = 0;
  Transition transition = Transition::fired;
  Alert alert;
  std::string host_name;
  std::string host_id;           ///< 32 hex digits, for the link
  units::Instant at{};           ///< when the transition happened
  std::vector<NamedHost> hosts;  ///< of an incident of several; `alert`, `host_name` and `host_id` are the first one's
};

}  // namespace vedette::domain
