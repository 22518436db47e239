// The evaluation loop: feeds hosts and values to the rules, keeps every alert's state durable, queues notifications
// and shows alerts live. Control thread only; it never blocks but for the store's commit.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "server/alerts/backlog.h"
#include "server/alerts/entry.h"
#include "server/alerts/incident.h"
#include "server/alerts/recent.h"
#include "server/alerts/rule.h"
#include "server/alerts/step.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/live_bus.h"
#include "server/domain/observer.h"

namespace vedette::alerts {

/// How often the newest judged tick of a pending alert becomes durable, at the cost of a commit.
inline constexpr units::Milliseconds kKeepTicks{10'000};

/// A change of state and the deliveries it queues are one commit. While the disk says no, changes wait in a
/// Backlog and are tried again by advance(), once a second; nothing is queued without its state.
///
/// Deliveries of a firing wait until notify.hold has passed (not_before). Resolved within the hold, they are cancelled
/// and nobody is told, be the disk full or not (on_withdrawn); later, a resolved notice follows at once. In it
/// `alert.since` stays the time of the firing. Without receivers nothing waits for a hold, and nobody counts as told.
///
/// Alerts of hosts that lost one path together (HostState::path_loss) are one incident: within their hold, each with
/// advance(), their deliveries are taken back and one that names them all is queued, in one commit. So a kill in
/// between costs one message too many, never one too few. Whoever is back within the hold isn't named; when the last
/// is back, one resolved notice follows.
class Engine final : public domain::FleetObserver {
 public:
  /// On any thread: calls nobody.
  Engine(Config config, domain::AlertRecords& records, domain::LiveBus& bus, domain::NotificationObserver& told,
         const domain::Clock& clock);

  /// Called after each commit that queued deliveries, on this thread; must not block. Before any other call.
  void on_queued(std::function<void()> wake) { queued_ = std::move(wake); }

  /// Told, on this thread, which incidents were resolved within their hold while the store may still have their
  /// deliveries: all of them, whenever one is added, and none once the store knows. Must not block. Before any other
  /// call.
  void on_withdrawn(std::function<void(const std::set<std::uint64_t>&)> tell) { withdrawn_ = std::move(tell); }

  /// Tells the live topic's header and takes up the stored states; before any other call. Pending threshold alerts go
  /// on if their values come back within kRestartGap of the newest tick stored, else `for` starts anew; firing ones
  /// stay firing. Those that no rule covers any more end as soon as their host is known. `corrupt` or `version` if a
  /// state can't be read.
  [[nodiscard]] units::Result<void> load();

  void on_host(const domain::HostRecord& host, const domain::HostState& state) override;
  void on_values(domain::HostNumber host, units::Instant at, std::span<const Value> values) override;
  /// Nothing to do: host-down follows the host's status, which comes through on_host, and an outage that is corrected
  /// afterwards doesn't take back what people were told.
  void on_outage(const domain::Outage&) override {}

  /// Once a second: what only time decides (a host stopped for long, the end of a hold, commits to try again).
  void advance();

 private:
  struct Orphan {
    Entry entry;
    std::string why;
  };
  struct Host {
    domain::HostRecord record;
    domain::HostState state;
    std::map<std::string, Entry> entries;   ///< pending and firing only; key as stored
    std::map<std::string, Orphan> orphans;  ///< stored, but no rule covers them; until the host is known
    std::vector<domain::Alert> resolved;    ///< lately, by the collector's earlier run; until the host is known
    units::Instant last_values{};           ///< newest tick; 0 when the host went away since
    units::Instant reporting_since{};       ///< first tick of those that came without a gap until last_values
  };
  struct Free {
    double free, used;
  };

  void judge(Host& host, std::size_t rule, std::vector<metrics::Attribute> attributes, units::Instant at,
             Reading reading, const std::string& unit);
  void judge_host(Host& host);
  /// Why no rule covers a stored alert any more; empty if one does. Sets Entry::rule.
  [[nodiscard]] std::string orphaned(Entry& entry) const;
  /// Ends an alert for another reason than its values; those who know that it fires are told `why`.
  void close(Host& host, const std::string& key, Entry entry, const std::string& why);
  void close_orphans(Host& host);
  void close_thresholds(Host& host, const std::string& why);
  void close_absent(Host& host);  ///< whose series is missing for longer than patience()
  void note_tick(Host& host, units::Instant at);
  template <class Which>
  [[nodiscard]] static std::vector<std::string> keys_of(const Host& host, Which which) {
    std::vector<std::string> keys;
    for (const auto& [key, entry] : host.entries) {
      if (which(entry)) keys.push_back(key);
    }
    return keys;
  }
  void apply(Host& host, const std::string& key, Entry entry, const StepResult& result);
  void fire(Host& host, Entry& entry);
  void note_told(Entry& entry);  ///< the hold is over: the receivers get "firing"
  void resolve(Host& host, Entry& entry);
  void end(Host& host, const std::string& key, const domain::Alert& alert);  ///< the last that is kept and shown of it
  void withdraw(std::uint64_t incident);                                     ///< its delivery isn't to be sent
  [[nodiscard]] domain::Notice notice(const Host& host, const domain::Alert& alert,
                                      domain::Transition transition) const;
  void queue(const domain::Notice& notice, units::Instant not_before);  ///< to every receiver

  [[nodiscard]] std::string host_down_key(domain::HostNumber host) const;
  [[nodiscard]] Entry* host_down_of(domain::HostNumber host);
  void note_path_loss(const Host& host, const Entry& entry);  ///< the alert joins the others of it, with advance()
  [[nodiscard]] bool may_join(domain::HostNumber host, std::uint64_t path_loss, units::Instant now);
  /// One `now` for all of it: whose hold ends meanwhile must not lose its own delivery and get no other.
  void join_incidents(units::Instant now);
  void join(std::uint64_t path_loss, std::set<domain::HostNumber>& hosts, units::Instant now);
  /// The incident of this loss, as long as nobody was told of it.
  [[nodiscard]] Incident* open_incident(std::uint64_t path_loss, units::Instant now);
  [[nodiscard]] Incident& begin_incident(std::uint64_t path_loss, const domain::Alert& first);
  void add(Incident& incident, Host& host, Entry& entry);
  void tell_anew(Incident& incident, units::Instant now);
  [[nodiscard]] domain::Notice joint_notice(const Incident& incident, domain::Transition transition) const;
  /// The host's alert is resolved; the last one to leave ends the incident. `held`: nobody was told of it yet.
  void leave(Incident& incident, const Host& host, const domain::Alert& alert, bool held);
  void settle_loaded();  ///< incidents that were stored: who is back already?

  void keep(const std::string& key, Entry& entry);
  void publish(const Host& host, const domain::Alert& alert);
  [[nodiscard]] units::Result<void> load_resolved();
  void show_stored(Host& host);  ///< what was loaded for a host that is known now
  void retire_resolved();
  void flush();  ///< store(), unless the disk fails: then advance() tries
  void store();
  [[nodiscard]] bool is_host_down(const Entry& entry) const { return entry.rule == host_down_; }

  static constexpr std::string_view kTopic = "alerts";

  const Config config_;
  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_series_;
  std::size_t host_down_ = 0;         ///< index of the rule of that kind
  std::vector<std::size_t> derived_;  ///< rules whose measure isn't a series itself
  domain::AlertRecords& records_;
  domain::LiveBus& bus_;
  domain::NotificationObserver& told_;
  const domain::Clock& clock_;
  std::unordered_map<domain::HostNumber, Host> hosts_;
  std::map<std::uint64_t, Incident> incidents_;                    ///< those of several alerts
  std::map<std::uint64_t, std::set<domain::HostNumber>> joining_;  ///< by path loss; each has an incident of its own
  Backlog backlog_;                                                ///< not durable yet
  Recent recent_;                                                  ///< resolved ones that the topic still shows
  bool failing_ = false;
  std::uint64_t last_id_ = 0;
  std::function<void()> queued_;
  std::function<void(const std::set<std::uint64_t>&)> withdrawn_;
};

}  // namespace vedette::alerts
