// Decides what a host's status and values mean for its alerts.
#include <cmath>

#include "server/alerts/engine.h"
#include "server/alerts/words.h"

namespace vedette::alerts {

using domain::HostStatus;
using domain::Phase;
using domain::Transition;

namespace {

std::string key_of(const Rule& rule, domain::HostNumber host, const std::vector<metrics::Attribute>& attributes) {
  return metrics::to_string({rule.name + "/" + std::to_string(domain::index(host)), attributes});
}

bool down(const domain::HostState& state) {
  return state.status == HostStatus::lost || state.status == HostStatus::unresponsive ||
         state.status == HostStatus::rejected;
}

}  // namespace

std::string Engine::host_down_key(domain::HostNumber host) const {
  return key_of(rules_[host_down_], host, {});
}

void Engine::judge_host(Host& host) {
  const units::Instant now = clock_.now();
  if (host.state.status == HostStatus::unknown || host.state.status == HostStatus::fresh) return;
  const std::string key = host_down_key(host.record.number);
  const auto found = host.entries.find(key);
  Entry entry = found == host.entries.end() ? Entry{} : found->second;
  entry.rule = host_down_;
  const bool away = host.state.status == HostStatus::stopped && !host.record.revoked;
  const bool is_down =
      !host.record.revoked && (down(host.state) || (away && now - host.state.since >= config_.stopped_after));
  StepResult result{entry.state, std::nullopt};
  if (entry.state.phase == Phase::firing) {
    const std::string words = reason(host.state);
    if (is_down || away) {
      if (words == entry.alert.reason) return;
      entry.alert.reason = words;
      note_path_loss(host, entry);
    } else {
      result = {{Phase::inactive, now, now}, Transition::resolved};
      entry.alert.reason = recovery(host.record, entry.alert.reason);
    }
  } else if (is_down) {
    result = {{Phase::firing, now, now}, Transition::fired};
    entry.host_since = host.state.since;
  } else {
    const Phase phase = away ? Phase::pending : Phase::inactive;
    if (phase == entry.state.phase) return;
    result.next = {phase, host.state.since, now};
  }
  if (result.next.phase != Phase::inactive) entry.alert.reason = reason(host.state);
  apply(host, key, std::move(entry), result);
}

void Engine::on_values(domain::HostNumber number, units::Instant at, std::span<const Value> values) {
  const auto found = hosts_.find(number);
  if (found == hosts_.end() || found->second.record.revoked) return;
  Host& host = found->second;
  note_tick(host, at);
  std::map<std::string, Free> disks;
  double available = std::nan(""), limit = std::nan("");
  for (const auto& [series, value] : values) {
    if (series->key.name == "system.memory.limit") limit = value;
    const auto rules = by_series_.find(series->key.name);
    if (rules == by_series_.end()) continue;
    for (const std::size_t n : rules->second) {
      const Rule& rule = rules_[n];
      if (rule.measure == Measure::memory_available) available = value;
      if (rule.measure == Measure::filesystem_free) {
        const auto mount = series->key.attribute("mountpoint");
        const auto state = series->key.attribute("state");
        if (!mount || !state) continue;
        Free& disk = disks.try_emplace(std::string(*mount), Free{std::nan(""), std::nan("")}).first->second;
        if (*state == "free") disk.free = value;
        if (*state == "used") disk.used = value;
      }
      if (rule.measure != Measure::value || !rule.series.matches(series->key)) continue;
      judge(host, n, series->key.attributes, at, {value}, series->unit);
    }
  }
  for (const std::size_t n : derived_) {
    if (rules_[n].measure == Measure::memory_available) {
      judge(host, n, {}, at, {limit > 0 ? available / limit : std::nan("")}, "1");
      continue;
    }
    for (const auto& [mount, disk] : disks) {
      judge(host, n, {{"mountpoint", mount}}, at, {disk.free / (disk.free + disk.used), disk.free}, "1");
    }
  }
  close_absent(host);
  flush();
}

void Engine::judge(Host& host, std::size_t n, std::vector<metrics::Attribute> attributes, units::Instant at,
                   Reading reading, const std::string& unit) {
  if (std::isnan(reading.value)) return;
  const Rule& rule = rules_[n];
  if (host.entries.empty() && step(rule, {}, at, reading, config_.interval).next.phase == Phase::inactive) return;
  const std::string key = key_of(rule, host.record.number, attributes);
  const auto found = host.entries.find(key);
  if (found == host.entries.end()) {
    const auto result = step(rule, {}, at, reading, config_.interval);
    if (result.next.phase == Phase::inactive) return;
    Entry entry;
    entry.rule = n;
    entry.series = rule.series.name;
    entry.alert.attributes = std::move(attributes);
    entry.alert.value = reading.value;
    entry.alert.unit = unit;
    entry.alert.reason = reason(rule, entry.alert.attributes, reading.value, unit, result.next.phase == Phase::firing);
    apply(host, key, std::move(entry), result);
    return;
  }
  Entry& entry = found->second;
  const auto result = step(rule, entry.state, at, reading, config_.interval);
  if (result.next == entry.state) return;
  entry.alert.value = reading.value;
  if (result.change == Transition::resolved) {
    entry.alert.reason = recovery(rule, attributes, reading, unit);
  } else if (entry.state.phase == Phase::pending && result.next.phase != Phase::inactive) {
    // Firing keeps the words it began with: inside the band up to `recover` the value doesn't break the limit.
    entry.alert.reason = reason(rule, attributes, reading.value, unit, result.next.phase == Phase::firing);
  }
  if (result.next.phase == entry.state.phase && result.next.since == entry.state.since) {
    entry.state = result.next;
    return;
  }
  apply(host, key, entry, result);
}

}  // namespace vedette::alerts
