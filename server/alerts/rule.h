// Rules: what is judged and when a person has to know. Values; server/config fills the custom ones from `[[rule]]`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/domain/alert.h"

namespace vedette::alerts {

enum class Kind : std::uint8_t { host_down, threshold };
enum class Direction : std::uint8_t { above, below };

/// What a threshold rule compares.
enum class Measure : std::uint8_t {
  value,             ///< the selected series itself
  filesystem_free,   ///< free / (free + used) of each mountpoint; the second value is free, in bytes
  memory_available,  ///< system.linux.memory.available / system.memory.limit
};

struct Rule {
  std::string name;  ///< unique; part of the stored key, so renaming a rule starts it afresh
  Kind kind = Kind::threshold;
  Measure measure = Measure::value;
  metrics::Selector series;  ///< for Measure::value
  Direction direction = Direction::above;
  double limit = 0;                     ///< base unit; exactly the limit doesn't fire
  std::optional<double> recover;        ///< must be passed to resolve; absent: the limit itself
  std::optional<double> second_limit;   ///< the second value must be below this as well
  units::Milliseconds lasting{60'000};  ///< `for`
  domain::Severity severity = domain::Severity::warning;
};

struct Config {
  std::vector<Rule> rules;                                      ///< custom ones, beside default_rules()
  units::Milliseconds stopped_after{std::chrono::minutes(10)};  ///< a stopped host counts as down after this
  units::Milliseconds hold{std::chrono::seconds(60)};           ///< notify.hold
  units::Milliseconds interval{std::chrono::seconds(1)};        ///< of ticks; a gap above two of them restarts `for`
  std::vector<std::string> receivers;                           ///< names; each is told of every alert
};

/// Does the rule judge, on any host, what has these attributes? False for those of an alert that an earlier wording of
/// the rule made.
[[nodiscard]] bool covers(const Rule& rule, const std::vector<metrics::Attribute>& attributes);

/// Does it watch mounted file systems, whose values stop when the mount hangs?
[[nodiscard]] bool is_of_mount(const Rule& rule) noexcept;

/// host-down, filesystem-full and memory-low.
[[nodiscard]] std::vector<Rule> default_rules();

/// `invalid` naming the rule and the field: names empty or used twice, limits that aren't finite, recover on the wrong
/// side, spans below 0.
[[nodiscard]] units::Result<void> check(const Config& config);

}  // namespace vedette::alerts
