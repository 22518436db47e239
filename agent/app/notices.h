// Watches for what happens beside samples and keeps it until the collector has it. Binds agent/watch to this machine.
// One owner thread.
#pragma once

#include <string>

#include "agent/watch/clock_watch.h"
#include "agent/watch/kernel_log.h"
#include "agent/watch/oom_count.h"
#include "agent/watch/outbox.h"
#include "agent/watch/runs.h"
#include "agent/watch/unit_watch.h"

namespace vedette::app {

class Notices {
 public:
  /// `boot`, `run`: this one's. `started`: how long after the kernel's boot (collect::started_after_kernel).
  Notices(const std::string& state, const wire::Id128& boot, const wire::Id128& run, units::Milliseconds started);

  /// Tells how the run before ended and marks this one as running. `host` is the host's time (sample::Schedule), `now`
  /// the same moment by CLOCK_BOOTTIME.
  void start(units::Instant host, units::Steady now);
  /// Each tick. `wall`: the host's clock as it stands, steps included.
  void look(units::Instant host, units::Instant wall, units::Steady now);
  /// systemd's units that have failed were asked for.
  void take_failed_units(const std::vector<std::string>& failed, units::Instant host, units::Steady now);
  /// We were asked to stop.
  void stopping(wire::GoodbyeReason reason);

  [[nodiscard]] watch::Outbox<wire::Happening>& outbox() noexcept { return outbox_; }

 private:
  void mark();

  watch::RunRecord present_;
  units::Milliseconds started_;
  watch::RunFile file_;
  watch::Outbox<wire::Happening> outbox_{200};
  watch::KernelLog kernel_;
  watch::OomCount ooms_;
  watch::ClockWatch clock_;
  watch::UnitWatch units_;
  units::Steady ooms_due_{};
};

}  // namespace vedette::app
