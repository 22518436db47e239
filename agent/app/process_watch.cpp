#include "agent/app/process_watch.h"

#include <utility>

#include "agent/watch/happening.h"
#include "schema/units/log.h"

namespace vedette::app {

ProcessWatch::ProcessWatch(const wire::Id128& run, const Options& options)
    : run_(run), on_(options.on), scan_(options.proc, options.arguments), strain_(options.proc) {}

void ProcessWatch::look(units::Instant host, units::Steady now) {
  if (!on_ || (scan_due_ && now < *scan_due_)) return;
  scan_due_ = now + kScanEvery;
  const auto counts = scan_.scan(now);
  if (!counts) {
    if (!std::exchange(failing_, true)) {
      units::log_warning("processes can't be read", {{"error", counts.error().message}});
    }
    return;
  }
  failing_ = false;
  // Its beginning matters: while it lasts once a minute is enough.
  const bool is_short = strain_.is_short();
  const bool begins = !std::exchange(was_short_, is_short) && is_short;
  if (report_due_ && now < *report_due_ && !begins) return;
  report_due_ = now + kReportEvery;
  auto report = scan_.report(kTop);
  if (!report) return;
  report->id = watch::id_of(run_, "processes " + std::to_string(++reports_));
  report->at = host;
  outbox_.add(std::move(*report));
}

}  // namespace vedette::app
