#include "server/alerts/backlog.h"

namespace vedette::alerts {

void Backlog::alert(const std::string& key, const domain::Alert& alert, bool begins, bool ends) {
  if (begins) begun_.insert(alert.id);
  alerts_[alert.id] = alert;
  if (!ends || !begun_.contains(alert.id)) return;
  const auto [last, first] = ended_.try_emplace(key, alert.id);
  if (first) return;
  forget(last->second);
  last->second = alert.id;
}

void Backlog::cancel(std::uint64_t incident) {
  cancel_.insert(incident);
  std::erase_if(queue_, [&](const auto& delivery) { return delivery.notice.incident == incident; });
}

void Backlog::forget(std::uint64_t incident) {
  ++forgotten_;
  alerts_.erase(incident);
  cancel_.erase(incident);
  begun_.erase(incident);
  std::erase_if(queue_, [&](const auto& delivery) { return delivery.notice.incident == incident; });
}

domain::AlertRecords::Change Backlog::change() const {
  domain::AlertRecords::Change change;
  for (const auto& [key, body] : states_) change.states.push_back({key, body});
  for (const auto& [id, alert] : alerts_) change.alerts.push_back(alert);
  change.queue = queue_;
  change.cancel.assign(cancel_.begin(), cancel_.end());
  return change;
}

}  // namespace vedette::alerts
