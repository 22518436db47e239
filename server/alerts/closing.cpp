// Alerts that end although no value says so: their rule, their series or their host is gone.
#include <algorithm>

#include "server/alerts/engine.h"

namespace vedette::alerts {

using domain::HostStatus;
using domain::Phase;

std::string Engine::orphaned(Entry& entry) const {
  const auto rule = std::ranges::find(rules_, entry.alert.rule, &Rule::name);
  entry.rule = static_cast<std::size_t>(rule - rules_.begin());
  if (rule == rules_.end()) return "the rule was removed";
  // States of the first builds don't name their series: then the attributes have to do.
  const bool same = entry.series.empty() || entry.series == rule->series.name;
  return same && covers(*rule, entry.alert.attributes) ? "" : "the rule was changed and judges other series now";
}

void Engine::close(Host& host, const std::string& key, Entry entry, const std::string& why) {
  entry.alert.reason += "; " + why;
  entry.alert.phase = Phase::inactive;
  if (entry.state.phase == Phase::firing) resolve(host, entry);
  end(host, key, entry.alert);
}

void Engine::close_orphans(Host& host) {
  for (auto& [key, orphan] : host.orphans) close(host, key, std::move(orphan.entry), orphan.why);
  host.orphans.clear();
}

void Engine::close_thresholds(Host& host, const std::string& why) {
  for (const std::string& key : keys_of(host, [&](const Entry& entry) { return !is_host_down(entry); })) {
    close(host, key, host.entries.at(key), why);
  }
}

void Engine::note_tick(Host& host, units::Instant at) {
  const bool gap = at - host.last_values > std::max(kRestartGap, 2 * config_.interval);
  if (gap) host.reporting_since = at;
  host.last_values = at;
}

void Engine::close_absent(Host& host) {
  if (host.state.status != HostStatus::up) return;
  const auto limit = [&](const Entry& entry) {
    return patience(rules_[entry.rule], entry.state.phase, config_.interval);
  };
  const auto absent = [&](const Entry& entry) {
    if (is_host_down(entry)) return false;
    return host.last_values - std::max(entry.state.last_tick, host.reporting_since) >= limit(entry);
  };
  for (const std::string& key : keys_of(host, absent)) {
    const Entry& entry = host.entries.at(key);
    const std::string guess = is_of_mount(rules_[entry.rule]) ? ": unmounted, or the mount hangs" : "";
    close(host, key, entry, "no longer reported for " + units::spoken_duration(limit(entry)) + guess);
  }
}

}  // namespace vedette::alerts
