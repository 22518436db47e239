#include "server/alerts/backlog.h"

#include <algorithm>
#include <iterator>

#include "server/alerts/incident.h"

namespace vedette::alerts {

void Backlog::alert(const std::string& key, const domain::Alert& alert, bool begins, bool ends) {
  if (begins) begun_.insert(alert.id);
  alerts_[alert.id] = alert;
  if (ends && begun_.contains(alert.id)) note_end(key, alert.id);
}

void Backlog::begin_incident(domain::HostNumber first, std::uint64_t incident) {
  begun_.insert(incident);
  joint_[incident] = "joint " + std::to_string(domain::index(first));  // a key that no alert has
}

void Backlog::end_incident(std::uint64_t incident) {
  if (begun_.contains(incident)) note_end(joint_.at(incident), incident);
}

void Backlog::note_end(const std::string& key, std::uint64_t incident) {
  const auto [last, first] = ended_.try_emplace(key, incident);
  if (first) return;
  forget(last->second);
  last->second = incident;
}

void Backlog::replace(std::uint64_t incident) {
  replace_.insert(incident);
  std::erase_if(queue_, [&](const auto& delivery) { return delivery.notice.incident == incident; });
}

void Backlog::cancel(std::uint64_t incident) {
  cancel_.insert(incident);
  std::erase_if(queue_, [&](const auto& delivery) { return delivery.notice.incident == incident; });
}

void Backlog::forget(std::uint64_t incident) {
  ++forgotten_;
  alerts_.erase(incident);
  cancel_.erase(incident);
  replace_.erase(incident);
  joint_.erase(incident);
  states_.erase(state_key(incident));
  begun_.erase(incident);
  std::erase_if(queue_, [&](const auto& delivery) { return delivery.notice.incident == incident; });
}

domain::AlertRecords::Change Backlog::change() const {
  domain::AlertRecords::Change change;
  for (const auto& [key, body] : states_) change.states.push_back({key, body});
  for (const auto& [id, alert] : alerts_) change.alerts.push_back(alert);
  change.queue = queue_;
  std::ranges::set_union(cancel_, replace_, std::back_inserter(change.cancel));
  return change;
}

}  // namespace vedette::alerts
