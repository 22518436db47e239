// Changes on their way to the store. While the disk says no they wait here, bounded by the number of alerts.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "server/domain/control_store.h"

namespace vedette::alerts {

/// Newer states replace older ones of the same key, newer alerts those of the same id. Of incidents that began and
/// ended while nothing could be stored, one a key is kept, the newest; the others are counted and forgotten with their
/// deliveries. So a key holds at most one state, three alerts (one that was stored before, the newest that ended, one
/// that goes on) and their deliveries. Incidents of several alerts go by their first host: one a host. One owner.
class Backlog {
 public:
  void state(const std::string& key, std::string body) { states_[key] = std::move(body); }
  /// `begins`: its first appearance; `ends`: its last.
  void alert(const std::string& key, const domain::Alert& alert, bool begins, bool ends);
  void deliver(domain::Delivery delivery) { queue_.push_back(std::move(delivery)); }
  /// An incident of several alerts, by its first host. Its state goes by state_key().
  void begin_incident(domain::HostNumber first, std::uint64_t incident);
  void end_incident(std::uint64_t incident);
  /// Other words take the place of what waits for the incident, here and in the store: deliver() them next.
  void replace(std::uint64_t incident);
  /// Takes back what waits here for the incident, and what the store has of it undelivered.
  void cancel(std::uint64_t incident);

  [[nodiscard]] bool empty() const { return states_.empty() && alerts_.empty(); }
  /// Incidents taken back since the last clear(), of which the store may have an undelivered row.
  [[nodiscard]] const std::set<std::uint64_t>& cancelled() const { return cancel_; }
  [[nodiscard]] bool delivers() const { return !queue_.empty(); }
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }  ///< incidents, since the last clear()
  [[nodiscard]] domain::AlertRecords::Change change() const;
  void clear() { *this = {}; }

 private:
  void note_end(const std::string& key, std::uint64_t incident);
  void forget(std::uint64_t incident);

  std::map<std::string, std::string> states_;
  std::map<std::uint64_t, domain::Alert> alerts_;
  std::set<std::uint64_t> cancel_, replace_;
  std::vector<domain::Delivery> queue_;
  std::set<std::uint64_t> begun_;               ///< incidents of which the store knows nothing
  std::map<std::uint64_t, std::string> joint_;  ///< those of begun_ with several alerts, and their keys
  std::map<std::string, std::uint64_t> ended_;  ///< by key, the newest of begun_ that is over
  std::uint64_t forgotten_ = 0;
};

}  // namespace vedette::alerts
