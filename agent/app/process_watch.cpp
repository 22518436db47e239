#include "agent/app/process_watch.h"

#include <utility>

#include "agent/watch/happening.h"

namespace vedette::app {

void ProcessWatch::look(units::Instant host, units::Steady now) {
  if (scan_ == nullptr || scan_->scanned() == units::Steady{} || seen_ == scan_->scanned()) return;
  seen_ = scan_->scanned();
  // Its beginning matters: while it lasts once a minute is enough.
  const bool is_short = strain_.is_short();
  const bool begins = !std::exchange(was_short_, is_short) && is_short;
  if (report_due_ && now < *report_due_ && !begins) return;
  report_due_ = now + kReportEvery;
  auto report = scan_->report(kTop);
  if (!report) return;
  report->id = watch::id_of(run_, "processes " + std::to_string(++reports_));
  report->at = host;
  outbox_.add(std::move(*report));
}

}  // namespace vedette::app
