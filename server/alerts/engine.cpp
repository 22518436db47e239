#include "server/alerts/engine.h"

#include <algorithm>

#include "schema/units/log.h"

namespace vedette::alerts {

using domain::HostStatus;
using domain::Phase;

Engine::Engine(Config config, domain::AlertRecords& records, domain::LiveBus& bus, domain::NotificationObserver& told,
               const domain::Clock& clock)
    : config_(std::move(config)), rules_(default_rules()), records_(records), bus_(bus), told_(told), clock_(clock) {
  rules_.insert(rules_.end(), config_.rules.begin(), config_.rules.end());
  for (std::size_t n = 0; n < rules_.size(); ++n) {
    const Rule& rule = rules_[n];
    if (rule.kind == Kind::host_down) {
      host_down_ = n;
      continue;
    }
    by_series_[rule.series.name].push_back(n);
    if (rule.measure != Measure::value) derived_.push_back(n);
  }
}

units::Result<void> Engine::load() {
  bus_.header(kTopic, R"(["id","rule","host","host_name","attributes","phase","severity","since","value","reason",)"
                      R"("notifies_at","notified_at","unit"])");
  const auto last = records_.last_alert_id();
  if (!last) return std::unexpected(last.error());
  last_id_ = *last;
  const auto states = records_.alert_states();
  if (!states) return std::unexpected(states.error());
  for (const auto& [key, body] : *states) {
    if (is_incident(key)) {
      auto incident = decode_incident(key, body);
      if (!incident) return std::unexpected(std::move(incident.error()));
      last_id_ = std::max(last_id_, incident->id);
      incidents_.emplace(incident->id, std::move(*incident));
      continue;
    }
    auto entry = decode(key, body);
    if (!entry) return std::unexpected(std::move(entry.error()));
    last_id_ = std::max(last_id_, entry->alert.id);
    if (config_.receivers.empty()) entry->alert.notifies_at.reset();
    Host& host = hosts_[entry->alert.host];
    if (std::string why = orphaned(*entry); !why.empty()) {
      host.orphans[key] = {std::move(*entry), std::move(why)};
    } else {
      host.entries[key] = std::move(*entry);
    }
  }
  settle_loaded();
  return load_resolved();
}

units::Result<void> Engine::load_resolved() {
  const auto alerts = records_.alerts(kResolvedMost);
  if (!alerts) return std::unexpected(alerts.error());
  for (const domain::Alert& alert : *alerts) {
    if (alert.phase != Phase::resolved) continue;
    recent_.add(alert.id, alert.since);
    hosts_[alert.host].resolved.push_back(alert);
  }
  return {};
}

void Engine::show_stored(Host& host) {
  retire_resolved();
  for (const domain::Alert& alert : host.resolved) {
    if (recent_.contains(alert.id, alert.since)) publish(host, alert);
  }
  host.resolved.clear();
  for (const auto& [key, entry] : host.entries) publish(host, entry.alert);
  close_orphans(host);
}

void Engine::retire_resolved() {
  for (const auto id : recent_.expire(clock_.now())) bus_.retire(kTopic, std::to_string(id));
}

void Engine::on_host(const domain::HostRecord& record, const domain::HostState& state) {
  Host& host = hosts_[record.number];
  const bool known = host.record.number == record.number;
  host.record = record;
  host.state = state;
  if (state.status != HostStatus::up) host.last_values = {};
  if (!known) show_stored(host);
  if (record.revoked) close_thresholds(host, "the host was revoked");
  judge_host(host);
  // Of a thousand hosts behind one proxy each would take a commit: they are stored together, when they join. A kill
  // before that loses nothing, since the fleet keeps their status.
  if (state.path_loss == 0) flush();
}

void Engine::advance() {
  const units::Instant now = clock_.now();
  join_incidents(now);
  for (auto& [number, host] : hosts_) {
    if (host.record.number != number) continue;
    if (host.state.status == HostStatus::stopped) judge_host(host);
    for (auto& [key, entry] : host.entries) {
      const bool pending = entry.state.phase == Phase::pending && !is_host_down(entry);
      if (pending && entry.state.last_tick - entry.kept_tick >= kKeepTicks) keep(key, entry);
      if (!entry.alert.notifies_at || now < *entry.alert.notifies_at) continue;
      note_told(entry);
      keep(key, entry);
      backlog_.alert(key, entry.alert, false, false);
      publish(host, entry.alert);
    }
  }
  retire_resolved();
  store();
}

void Engine::flush() {
  if (!failing_) store();
}

void Engine::store() {
  if (backlog_.empty()) return;
  if (const auto done = records_.commit(backlog_.change()); !done) {
    if (!failing_) {
      units::log_error("alert states could not be stored; will be tried again every second",
                       {{"error", done.error().message}});
    }
    failing_ = true;
    return;
  }
  if (failing_) units::log_warning("alert states are stored again", {{"incidents_forgotten", backlog_.forgotten()}});
  failing_ = false;
  const bool queued = backlog_.delivers();
  const bool cancelled = !backlog_.cancelled().empty();
  backlog_.clear();
  if (cancelled && withdrawn_) withdrawn_({});
  if (queued && queued_) queued_();
}

}  // namespace vedette::alerts
