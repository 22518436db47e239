// What follows from a decision: the alert's new state is kept, shown and told.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "server/alerts/engine.h"

namespace vedette::alerts {

using domain::Phase;
using domain::Transition;
using Json = nlohmann::json;

namespace {

Json pairs(const std::vector<metrics::Attribute>& attributes) {
  Json object = Json::object();
  for (const auto& [key, value] : attributes) object[key] = value;
  return object;
}

Json seconds(units::Instant at) {
  return static_cast<double>(units::unix_ms(at)) / 1000;
}

}  // namespace

void Engine::apply(Host& host, const std::string& key, Entry entry, const StepResult& result) {
  entry.state = result.next;
  const Rule& rule = rules_[entry.rule];
  const bool begins = entry.alert.id == 0;
  if (begins) entry.alert.id = entry.alert.incident = ++last_id_;
  entry.alert.rule = rule.name;
  entry.alert.host = host.record.number;
  entry.alert.severity = rule.severity;
  if (result.change == Transition::resolved) {
    resolve(host, entry);
  } else {
    entry.alert.phase = entry.state.phase;
    entry.alert.since = entry.state.since;
    if (result.change == Transition::fired) fire(host, entry);
  }
  if (entry.state.phase == Phase::inactive) return end(host, key, entry.alert);
  backlog_.alert(key, entry.alert, begins, false);
  publish(host, entry.alert);
  keep(key, entry);
  host.entries[key] = std::move(entry);
}

void Engine::end(Host& host, const std::string& key, const domain::Alert& alert) {
  backlog_.alert(key, alert, false, true);
  publish(host, alert);
  if (alert.phase == Phase::resolved) {
    recent_.add(alert.id, alert.since);
    retire_resolved();
  } else {
    bus_.retire(kTopic, std::to_string(alert.id));
  }
  backlog_.state(key, "");
  host.entries.erase(key);
}

void Engine::fire(Host& host, Entry& entry) {
  const bool gathers = is_host_down(entry) && host.state.path_loss != 0;
  if (gathers) note_path_loss(host, entry);
  if (config_.receivers.empty()) return;
  entry.alert.notifies_at = clock_.now() + (gathers ? std::max(config_.hold, kGather) : config_.hold);
  queue(notice(host, entry.alert, Transition::fired), *entry.alert.notifies_at);
}

void Engine::note_told(Entry& entry) {
  entry.alert.notified_at = clock_.now();
  entry.alert.notifies_at.reset();
  if (is_host_down(entry)) told_.on_notified(entry.alert.host, entry.host_since);
}

void Engine::resolve(Host& host, Entry& entry) {
  const units::Instant now = clock_.now();
  const auto joint = incidents_.find(entry.alert.incident);
  const bool held = entry.alert.notifies_at && now < *entry.alert.notifies_at;
  if (entry.alert.notifies_at && !held) note_told(entry);
  entry.alert.notifies_at.reset();
  entry.alert.phase = Phase::resolved;
  if (joint != incidents_.end()) {
    leave(joint->second, host, entry.alert, held);
  } else if (held) {
    withdraw(entry.alert.incident);
  } else if (entry.alert.notified_at) {
    queue(notice(host, entry.alert, Transition::resolved), now);
  }
  entry.alert.since = now;
}

void Engine::withdraw(std::uint64_t incident) {
  backlog_.cancel(incident);
  if (withdrawn_) withdrawn_(backlog_.cancelled());
}

domain::Notice Engine::notice(const Host& host, const domain::Alert& alert, Transition transition) const {
  return {.incident = alert.incident,
          .transition = transition,
          .alert = alert,
          .host_name = host.record.name,
          .host_id = units::to_string(host.record.id),
          .at = clock_.now(),
          .hosts = {}};
}

void Engine::queue(const domain::Notice& notice, units::Instant not_before) {
  for (const std::string& receiver : config_.receivers) {
    domain::Delivery delivery;
    delivery.receiver = receiver;
    delivery.notice = notice;
    delivery.message_id = "<" + std::to_string(notice.incident) +
                          (notice.transition == Transition::fired ? ".fired." : ".resolved.") +
                          std::to_string(units::unix_ms(clock_.now())) + "." +
                          std::to_string(std::hash<std::string>{}(receiver)) + "@vedette>";
    delivery.not_before = not_before;
    backlog_.deliver(std::move(delivery));
  }
}

void Engine::keep(const std::string& key, Entry& entry) {
  entry.kept_tick = entry.state.last_tick;
  backlog_.state(key, encode(entry));
}

void Engine::publish(const Host& host, const domain::Alert& alert) {
  const Json row = {alert.id,
                    alert.rule,
                    units::to_string(host.record.id),
                    host.record.name,
                    pairs(alert.attributes),
                    std::string(domain::name(alert.phase)),
                    std::string(domain::name(alert.severity)),
                    seconds(alert.since),
                    alert.value ? Json(*alert.value) : Json(),
                    alert.reason,
                    alert.notifies_at ? seconds(*alert.notifies_at) : Json(),
                    alert.notified_at ? seconds(*alert.notified_at) : Json(),
                    alert.unit};
  bus_.publish(kTopic, std::to_string(alert.id), row.dump(-1, ' ', false, Json::error_handler_t::replace), false);
}

}  // namespace vedette::alerts
