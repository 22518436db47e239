// Looks at all processes every ten seconds and keeps, every minute and at once when the machine gets short of
// something, which used most, until the collector has it. One owner thread.
#pragma once

#include <optional>

#include "agent/collect/processes.h"
#include "agent/collect/strain.h"
#include "agent/watch/outbox.h"

namespace vedette::app {

class ProcessWatch {
 public:
  struct Options {
    bool on = true;
    bool arguments = false;  ///< tell command lines, where passwords may stand
    std::string proc = "/proc";
  };
  ProcessWatch(const wire::Id128& run, const Options& options);

  /// Each tick. `host`: the host's time of `now`.
  void look(units::Instant host, units::Steady now);

  [[nodiscard]] watch::Outbox<wire::Processes>& outbox() noexcept { return outbox_; }

  static constexpr std::chrono::seconds kScanEvery{10}, kReportEvery{60};
  static constexpr std::size_t kTop = 5;

 private:
  wire::Id128 run_;
  bool on_;
  collect::ProcessScan scan_;
  collect::Strain strain_;
  watch::Outbox<wire::Processes> outbox_{90};  ///< an hour and a half without a collector
  std::optional<units::Steady> scan_due_, report_due_;
  bool was_short_ = false, failing_ = false;
  std::uint64_t reports_ = 0;
};

}  // namespace vedette::app
