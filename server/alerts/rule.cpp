#include "server/alerts/rule.h"

#include <cmath>
#include <set>

namespace vedette::alerts {

using units::ErrorCode;
using units::fail;

bool covers(const Rule& rule, const std::vector<metrics::Attribute>& attributes) {
  if (rule.kind == Kind::host_down || rule.measure == Measure::memory_available) return attributes.empty();
  if (rule.measure == Measure::filesystem_free) return attributes.size() == 1 && attributes[0].key == "mountpoint";
  return rule.series.matches({rule.series.name, attributes});
}

bool is_of_mount(const Rule& rule) noexcept {
  return rule.series.name.starts_with("system.filesystem.");
}

std::vector<Rule> default_rules() {
  Rule down;
  down.name = "host-down";
  down.kind = Kind::host_down;
  down.lasting = units::Milliseconds{0};
  down.severity = domain::Severity::critical;

  Rule disk;
  disk.name = "filesystem-full";
  disk.measure = Measure::filesystem_free;
  disk.series.name = "system.filesystem.usage";
  disk.direction = Direction::below;
  disk.limit = 0.10;
  disk.second_limit = 20e9;
  disk.lasting = std::chrono::minutes(15);

  Rule memory;
  memory.name = "memory-low";
  memory.measure = Measure::memory_available;
  memory.series.name = "system.linux.memory.available";
  memory.direction = Direction::below;
  memory.limit = 0.05;
  memory.lasting = std::chrono::minutes(5);
  return {down, disk, memory};
}

namespace {

units::Result<void> check(const Rule& rule) {
  const std::string where = "rule \"" + rule.name + "\": ";
  if (rule.name.empty()) return fail(ErrorCode::invalid, "a rule has no name");
  if (rule.kind == Kind::threshold && rule.series.name.empty()) return fail(ErrorCode::invalid, where + "no series");
  if (!std::isfinite(rule.limit)) return fail(ErrorCode::invalid, where + "the limit must be a finite number");
  if (rule.lasting.count() < 0) return fail(ErrorCode::invalid, where + "for must not be below 0");
  if (!rule.recover) return {};
  if (!std::isfinite(*rule.recover)) return fail(ErrorCode::invalid, where + "recover must be a finite number");
  const bool above = rule.direction == Direction::above;
  if (above && *rule.recover > rule.limit) return fail(ErrorCode::invalid, where + "recover must not exceed above");
  if (!above && *rule.recover < rule.limit) return fail(ErrorCode::invalid, where + "recover must not be under below");
  return {};
}

}  // namespace

units::Result<void> check(const Config& config) {
  std::set<std::string> names;
  for (const Rule& rule : default_rules()) names.insert(rule.name);
  for (const Rule& rule : config.rules) {
    if (auto ok = check(rule); !ok) return ok;
    if (!names.insert(rule.name).second) {
      return fail(ErrorCode::invalid, "rule \"" + rule.name + "\": the name is taken; choose another");
    }
  }
  if (config.stopped_after.count() < 0) return fail(ErrorCode::invalid, "alerts.stopped_after must not be below 0");
  if (config.hold.count() < 0) return fail(ErrorCode::invalid, "notify.hold must not be below 0");
  if (config.interval.count() <= 0) return fail(ErrorCode::invalid, "the interval of ticks must be above 0");
  return {};
}

}  // namespace vedette::alerts
