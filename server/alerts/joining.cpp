// Alerts of hosts that lost one path together become one incident, and leave it one by one.
#include <algorithm>
#include <utility>

#include "server/alerts/engine.h"
#include "server/alerts/words.h"

namespace vedette::alerts {

using domain::HostNumber;
using domain::Phase;
using domain::Transition;
using units::Instant;

Entry* Engine::host_down_of(HostNumber number) {
  const auto host = hosts_.find(number);
  if (host == hosts_.end()) return nullptr;
  const auto entry = host->second.entries.find(host_down_key(number));
  return entry == host->second.entries.end() ? nullptr : &entry->second;
}

/// Whoever was told of an alert by itself, or is about to be, hears of its end by itself.
bool Engine::may_join(HostNumber number, std::uint64_t path_loss, Instant now) {
  const Entry* entry = host_down_of(number);
  if (entry == nullptr || entry->state.phase != Phase::firing || hosts_.at(number).state.path_loss != path_loss) {
    return false;
  }
  const domain::Alert& alert = entry->alert;
  return alert.incident == alert.id && !alert.notified_at && (!alert.notifies_at || now < *alert.notifies_at);
}

Incident* Engine::open_incident(std::uint64_t path_loss, Instant now) {
  const auto it = std::ranges::find_if(incidents_, [&](const auto& one) { return one.second.path_loss == path_loss; });
  if (it == incidents_.end()) return nullptr;
  const auto& notifies_at = it->second.notifies_at;
  return !notifies_at || now < *notifies_at ? &it->second : nullptr;
}

void Engine::join_incidents(Instant now) {
  for (auto& [path_loss, hosts] : joining_) join(path_loss, hosts, now);
  std::erase_if(joining_, [](const auto& one) { return one.second.empty(); });
  for (auto& [id, incident] : incidents_) {
    if (std::exchange(incident.changed, false)) tell_anew(incident, now);
  }
}

void Engine::join(std::uint64_t path_loss, std::set<HostNumber>& hosts, Instant now) {
  std::erase_if(hosts, [&](HostNumber number) { return !may_join(number, path_loss, now); });
  Incident* incident = open_incident(path_loss, now);
  if (hosts.size() + (incident != nullptr ? 1 : 0) < 2) return;
  if (incident == nullptr) {
    const auto first =
        std::ranges::min_element(hosts, {}, [&](auto number) { return host_down_of(number)->alert.since; });
    incident = &begin_incident(path_loss, host_down_of(*first)->alert);
  }
  for (const HostNumber number : hosts) add(*incident, hosts_.at(number), *host_down_of(number));
  hosts.clear();
  if (withdrawn_) withdrawn_(backlog_.cancelled());
}

Incident& Engine::begin_incident(std::uint64_t path_loss, const domain::Alert& first) {
  for (auto& [id, earlier] : incidents_) {
    if (earlier.path_loss == path_loss) earlier.path_loss = 0;  // told already
  }
  Incident& incident = incidents_[++last_id_];
  incident.id = last_id_;
  incident.path_loss = path_loss;
  incident.since = first.since;
  incident.notifies_at = first.notifies_at;
  backlog_.begin_incident(first.host, incident.id);
  return incident;
}

void Engine::add(Incident& incident, Host& host, Entry& entry) {
  domain::Alert& alert = entry.alert;
  if (alert.notifies_at) {
    backlog_.cancel(alert.incident);
    alert.notifies_at = incident.notifies_at;
  }
  incident.words = host.state.reason;
  incident.members.push_back({alert.host, units::to_string(host.record.id), host.record.name, alert.id, false, true});
  incident.changed = true;
  alert.incident = incident.id;
}

/// Its message, as long as it waits, and its state say what they say now; so do its alerts.
void Engine::tell_anew(Incident& incident, Instant now) {
  if (incident.notifies_at && now < *incident.notifies_at) {
    std::erase_if(incident.members, &Incident::Member::over);  // back before anybody heard of it
    backlog_.replace(incident.id);
    queue(joint_notice(incident, Transition::fired), *incident.notifies_at);
  }
  backlog_.state(state_key(incident.id), encode(incident));
  for (auto& member : incident.members) {
    const bool fresh = std::exchange(member.fresh, false);
    Entry* entry = host_down_of(member.host);
    if (!fresh || entry == nullptr || entry->alert.id != member.alert) continue;
    const std::string key = host_down_key(member.host);
    keep(key, *entry);
    backlog_.alert(key, entry->alert, false, false);
    publish(hosts_.at(member.host), entry->alert);
  }
}

domain::Notice Engine::joint_notice(const Incident& incident, Transition transition) const {
  domain::Notice notice = incident.notice(transition, clock_.now());
  notice.alert.rule = rules_[host_down_].name;
  notice.alert.severity = rules_[host_down_].severity;
  return notice;
}

void Engine::leave(Incident& incident, const Host& host, const domain::Alert& alert, bool held) {
  for (auto& member : incident.members) member.over = member.over || member.alert == alert.id;
  incident.changed = true;
  if (!incident.over()) return;
  if (held) withdraw(incident.id);
  if (alert.notified_at) {
    // Who is away again has an alert of its own, which people are told about.
    std::erase_if(incident.members, [&](const auto& member) {
      const Entry* again = host_down_of(member.host);
      return again != nullptr && again->alert.id != member.alert && again->state.phase == Phase::firing;
    });
    incident.words = recovery(host.record, incident.words);
    queue(joint_notice(incident, Transition::resolved), clock_.now());
  }
  backlog_.state(state_key(incident.id), "");
  backlog_.end_incident(incident.id);
  incidents_.erase(incident.id);
}

void Engine::note_path_loss(const Host& host, const Entry& entry) {
  if (host.state.path_loss == 0) return;
  const auto joint = incidents_.find(entry.alert.incident);
  if (joint == incidents_.end()) {
    joining_[host.state.path_loss].insert(host.record.number);
    return;
  }
  joint->second.changed = joint->second.changed || joint->second.words != host.state.reason;
  joint->second.words = host.state.reason;
}

void Engine::settle_loaded() {
  for (auto& [id, incident] : incidents_) {
    for (auto& member : incident.members) {
      const Entry* entry = host_down_of(member.host);
      member.over = entry == nullptr || entry->alert.id != member.alert;
    }
    if (config_.receivers.empty()) incident.notifies_at.reset();
    if (incident.over()) backlog_.state(state_key(id), "");
  }
  std::erase_if(incidents_, [](const auto& one) { return one.second.over(); });
}

}  // namespace vedette::alerts
