// What the fleet wants to be durable: each host's last status, its outages, what happened on it and what it tells of
// itself. Written soon and in small bites, so that a thousand hosts that go or come at once don't hold up the control
// thread, and again when the disk refused. Outages go before statuses: a kill in between leaves an outage too many,
// which the next start adopts, never one too few.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <utility>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/executor.h"

namespace vedette::fleet {

struct LedgerTimes {
  units::Milliseconds bite{20};          ///< of writing, after
  units::Milliseconds pause{20};         ///< for everybody else: what comes meanwhile shares a transaction
  std::size_t rows = 64;                 ///< of one kind, in one transaction
  units::Milliseconds again{5'000};      ///< after a failure
  std::size_t most_outages = 10'000;     ///< not written yet; above it each new one waits for the disk, or is lost
  std::size_t most_happenings = 10'000;  ///< the same; what finds no room is told again by its agent
  units::Milliseconds at_end{1'000};     ///< for what still waits when the ledger goes
};

/// Lives on the control thread. A newer entry of the same host or outage replaces one that waits.
class Ledger {
 public:
  /// Told the id of an outage once it is stored.
  using Stored = std::function<void(domain::HostNumber, units::Instant from, std::uint64_t id)>;
  /// Told of a happening that is durable.
  using Noted = std::function<void(const domain::Happening&)>;

  /// All outlive the ledger.
  Ledger(domain::HostRecords& records, domain::Executor& control, const domain::Clock& clock, Stored stored,
         LedgerTimes times = {});
  ~Ledger();  ///< writes what waits, or as much as LedgerTimes::at_end allows; the control thread has ended by then
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  void status(const domain::HostRecords::LastStatus& status);
  /// `id` 0 until stored(); host and `from` say which it is.
  void outage(const domain::Outage& outage);
  void facts(domain::HostNumber host, const domain::HostFacts& facts);
  void happening(const domain::Happening& happening);
  /// Before the first happening.
  void on_noted(Noted noted) { noted_ = std::move(noted); }

  [[nodiscard]] std::size_t waiting() const noexcept {
    return statuses_.size() + outages_.size() + facts_.size() + happenings_.size();
  }
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }  ///< outages, while the disk refused; any thread

 private:
  using Key = std::pair<domain::HostNumber, units::Instant>;

  void schedule_soon();
  void schedule(units::Milliseconds delay);
  void write();
  [[nodiscard]] bool write_next();
  [[nodiscard]] bool write_statuses();
  [[nodiscard]] bool write_outages();
  [[nodiscard]] bool write_facts();
  [[nodiscard]] bool write_happenings();
  bool written(const units::Result<void>& result);

  domain::HostRecords& records_;
  domain::Executor& control_;
  const domain::Clock& clock_;
  Stored stored_;
  Noted noted_;
  LedgerTimes times_;
  std::map<domain::HostNumber, domain::HostRecords::LastStatus> statuses_;
  std::map<Key, domain::Outage> outages_;
  std::map<domain::HostNumber, domain::HostFacts> facts_;
  std::deque<domain::Happening> happenings_;
  Key newest_{};  ///< the outage written last: turns go round, so that restless hosts don't keep others waiting
  units::Steady written_at_{};
  bool scheduled_ = false;
  bool failing_ = false;
  std::atomic<std::uint64_t> lost_ = 0;
};

}  // namespace vedette::fleet
