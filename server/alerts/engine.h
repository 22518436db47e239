// The evaluation loop: feeds hosts and values to the rules, keeps every alert's state durable, queues notifications
// and shows alerts live. Control thread only; it never blocks but for the store's commit.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/alerts/rule.h"
#include "server/alerts/step.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/live_bus.h"
#include "server/domain/observer.h"

namespace vedette::alerts {

/// A change of state and the deliveries it queues are one commit. While the disk says no, changes are kept in memory,
/// in order, and tried again by advance(); nothing is queued without its state.
///
/// Deliveries of a firing wait until notify.hold has passed (not_before). Resolved within the hold, they are cancelled
/// and nobody is told; later, a resolved notice follows at once. In it `alert.since` stays the time of the firing.
class Engine final : public domain::FleetObserver {
 public:
  Engine(Config config, domain::AlertRecords& records, domain::LiveBus& bus, domain::NotificationObserver& told,
         const domain::Clock& clock);

  /// Called after each commit that queued deliveries, on this thread; must not block. Before any other call.
  void on_queued(std::function<void()> wake) { queued_ = std::move(wake); }

  /// Takes up the stored states; before any other call. Pending threshold alerts start `for` anew, because nobody
  /// watched in between; firing ones stay firing. `corrupt` if a state can't be read.
  [[nodiscard]] units::Result<void> load();

  void on_host(const domain::HostRecord& host, const domain::HostState& state) override;
  void on_values(domain::HostNumber host, units::Instant at, std::span<const Value> values) override;
  void on_outage(const domain::Outage&) override {}  ///< verdicts come through on_host

  /// Once a second: what only time decides (a host stopped for long, the end of a hold, commits to try again).
  void advance();

 private:
  struct Entry {
    std::size_t rule = 0;
    AlertState state;
    domain::Alert alert;
    units::Instant host_since{};  ///< of the status that made host-down fire
  };
  struct Host {
    domain::HostRecord record;
    domain::HostState state;
    std::map<std::string, Entry> entries;  ///< pending and firing only; key as stored
  };
  struct Free {
    double free, used;
  };

  void judge(Host& host, std::size_t rule, std::vector<metrics::Attribute> attributes, units::Instant at,
             Reading reading, const std::string& unit);
  void judge_host(Host& host);
  void apply(Host& host, const std::string& key, Entry entry, const StepResult& result);
  void fire(Host& host, Entry& entry);
  void resolve(Host& host, Entry& entry);
  void queue(const Host& host, const domain::Alert& alert, domain::Transition transition, units::Instant not_before);
  void keep(const std::string& key, const Entry& entry);
  void publish(const Host& host, const domain::Alert& alert);
  void flush();

  const Config config_;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_series_;
  domain::AlertRecords& records_;
  domain::LiveBus& bus_;
  domain::NotificationObserver& told_;
  const domain::Clock& clock_;
  std::unordered_map<domain::HostNumber, Host> hosts_;
  domain::AlertRecords::Change backlog_;  ///< not durable yet
  std::uint64_t last_id_ = 0;
  std::function<void()> queued_;
};

}  // namespace vedette::alerts
