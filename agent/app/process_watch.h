// Keeps, every minute and at once when the machine gets short of
// something, which used most, until the collector has it. One owner thread.
#pragma once

#include <optional>

#include "agent/collect/processes.h"
#include "agent/collect/strain.h"
#include "agent/watch/outbox.h"

namespace vedette::app {

class ProcessWatch {
 public:
  /// `scan` is the collector's, which reads it; null: nothing is told.
  ProcessWatch(const wire::Id128& run, collect::ProcessScan* scan, const std::string& proc = "/proc")
      : run_(run), scan_(scan), strain_(proc) {}

  /// After each tick. `host`: the host's time of `now`.
  void look(units::Instant host, units::Steady now);

  [[nodiscard]] watch::Outbox<wire::Processes>& outbox() noexcept { return outbox_; }

  static constexpr std::chrono::seconds kReportEvery{60};
  static constexpr std::size_t kTop = 5;

 private:
  wire::Id128 run_;
  collect::ProcessScan* scan_;
  collect::Strain strain_;
  watch::Outbox<wire::Processes> outbox_{90};  ///< an hour and a half without a collector
  std::optional<units::Steady> seen_, report_due_;
  bool was_short_ = false;
  std::uint64_t reports_ = 0;
};

}  // namespace vedette::app
