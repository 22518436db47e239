// Hosts: status with its words, latest values, outages and what turned out about them. Takes what ingest saw, tells
// alerts, the live topics and whoever reads the directory. Lives on the control thread; the directory is any thread's.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/executor.h"
#include "server/domain/history_store.h"
#include "server/domain/live_bus.h"
#include "server/domain/observer.h"
#include "server/fleet/correction.h"
#include "server/fleet/directory.h"
#include "server/fleet/ledger.h"
#include "server/fleet/path_watch.h"
#include "server/fleet/status.h"
#include "server/fleet/values.h"

namespace vedette::fleet {

/// Everything outlives the fleet.
struct FleetPorts {
  domain::HostRecords& records;
  domain::HistoryStore& history;
  domain::LiveBus& live;
  domain::FleetObserver& observer;
  domain::Executor& control;
  const domain::Clock& clock;
};

struct FleetTimes {
  units::Milliseconds lost_after{2'000};     ///< after an end without close: back by then is no outage
  units::Milliseconds grace{45'000};         ///< after a start or own trouble, until agents had time to come back
  units::Milliseconds correct_again{3'000};  ///< backfilled ticks may still be on their way into the store
  units::Milliseconds gap{2'000};            ///< a longer hole isn't covered
  units::Milliseconds read_again{5'000};     ///< a host that couldn't be read
  units::Milliseconds longest_backfill{std::chrono::hours{49}};
  units::Milliseconds clock_step{60'000};  ///< a live tick this much older than the newest: time went back
  units::Milliseconds watch_every{1'000};  ///< own lateness and sleep are looked for
  units::Milliseconds late_after{2'000};
  units::Milliseconds heard_lately{3'000};  ///< a host that lives sends a tick a second
  /// notify.hold, for `notifies_at` of fleet rows; absent without receivers: nobody is told then. (Of a lost path
  /// people are told after alerts::kGather, should that be longer.)
  std::optional<units::Milliseconds> hold{60'000};
};

class Fleet final : public domain::HostObserver,
                    public domain::NotificationObserver,
                    public domain::RevocationObserver {
 public:
  Fleet(FleetPorts ports, FleetTimes times = {});

  /// Reads hosts, their last statuses and open outages, begins the grace. Control thread, once, before the first
  /// sighting.
  units::Result<void> start();
  /// Reads a host anew: it was enrolled, renamed, revoked or removed. Any thread.
  void refresh(domain::HostNumber host);

  [[nodiscard]] const domain::HostDirectory& directory() const noexcept { return directory_; }
  /// Outages that were never stored, since the disk refused for too long. Any thread.
  [[nodiscard]] std::uint64_t outages_lost() const noexcept { return ledger_.lost(); }
  /// Told of each happening that is stored, so that its agent hears of it. Before the first sighting; called on the
  /// control thread.
  void on_noted(Ledger::Noted noted) { noted_ = std::move(noted); }

  void on_sighting(domain::HostNumber host, units::Instant at, const domain::Sighting& sighting) override;
  void on_ticks(const domain::SharedBatch& batch) override;
  void on_own_trouble(units::Instant at, std::string_view what) override;
  void on_notified(domain::HostNumber host, units::Instant since) override;
  void on_host_revoked(domain::HostNumber host) override { refresh(host); }
  void on_login_ended(const domain::Digest&) override {}
  void on_role_changed(std::uint64_t, domain::AccessRole) override {}

 private:
  struct LostPath {
    std::uint64_t number = 0;  ///< PathLoss::number
    std::string words;
  };
  struct Host {
    domain::HostView view;
    HostValues values;
    std::uint32_t boot = 0;                ///< the highest number known, of earlier runs too; 0 if there is none
    std::optional<units::Instant> heard;   ///< last sign of life in this run
    std::optional<domain::Outage> outage;  ///< the one that lasts, or the last one until it was corrected
    std::optional<Hole> hole;              ///< the longest time of it without a tick, as far as they came
    std::optional<units::Instant> rebooted;
    std::optional<bool> same_run;            ///< after it: is the agent's process the one from before?
    std::optional<Judgement> held_back;      ///< a verdict that waits: 2 s, or the grace
    std::optional<LostPath> lost_path;       ///< since it fell, until it is back
    std::optional<units::Instant> happened;  ///< newest happening that was stored in this run
    bool tagged_here = false;                ///< its tags were set at the collector: the agent's don't count
    std::uint64_t turn = 0;                  ///< grows with every change of status: late timers see they are late
  };

  void load(const domain::HostRecord& record);
  void load_past(Host& host, const domain::HostRecords::LastStatus& last);
  void load_revoked(const domain::HostRecord& record, const domain::HostRecords::LastStatus* last);
  /// What the last run left of a host's outages. A kill may have come between an outage and the status that goes with
  /// it: one that began after the last status is still open, others that are open ended where that status began.
  struct Past {
    std::optional<domain::Outage> open;
    bool came_back = false;  ///< the last status is of an outage that had ended
  };
  [[nodiscard]] Past past_outages(const domain::HostRecords::LastStatus& last);
  void reread(domain::HostNumber number);
  Host* find(domain::HostNumber host);
  void drop(Host& host);

  void note(const Host& host, const domain::seen::Happened& happened);
  void show(const domain::Happening& happening);  ///< it is stored
  void welcome(Host& host, units::Instant at, const domain::seen::Welcomed& welcomed);
  void apply(Host& host, units::Instant at, const Judgement& judgement);
  void hold_back(Host& host, Judgement judgement, units::Milliseconds delay);
  void become(Host& host, units::Instant at, domain::HostStatus status, const std::string& verdict);
  void tell(Host& host);  ///< its status or the reason changed: log, store, outages, page and alerts
  void save_status(const Host& host);
  void note_path(Host& host, const domain::Sighting& sighting);
  void note_fall(const Host& host);
  [[nodiscard]] bool heard_elsewhere(const domain::NetworkPath& path) const;
  void mark_lost(Host& host, const LostPath& lost);

  void begin_outage(Host& host, units::Instant at);
  void end_outage(Host& host, units::Instant at);
  void correct(Host& host, bool last_try);
  void correct_later(const Host& host, bool last_try);
  void save_outage(const Host& host);
  void note_stored(domain::HostNumber host, units::Instant from, std::uint64_t id);

  void begin_grace();
  [[nodiscard]] units::Milliseconds grace_left() const;
  [[nodiscard]] bool judged_at_once(const Host& host) const;
  void watch();

  void take_live(Host& host, const domain::Tick& tick);
  void publish(Host& host);
  void publish_tick(Host& host, const domain::Tick& tick);
  [[nodiscard]] std::optional<units::Instant> notifies_at(const Host& host) const;

  FleetPorts ports_;
  FleetTimes times_;
  Directory directory_;
  std::map<domain::HostNumber, Host> hosts_;
  std::set<domain::HostNumber> unread_;  ///< changed, but the store couldn't tell how; asked again
  PathWatch paths_;
  units::Steady grace_began_{};
  bool troubled_ = false;        ///< the grace is one of trouble, not of the start
  units::Instant trouble_at_{};  ///< hosts not heard since then have the grace
  units::Steady watch_due_{};
  units::Instant watch_wall_{};
  Ledger::Noted noted_;
  Ledger ledger_;  ///< last: what waits is written before the rest goes
};

}  // namespace vedette::fleet
