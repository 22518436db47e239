#include "server/fleet/correction.h"

#include <algorithm>

namespace vedette::fleet {
namespace {

std::string minute(units::Instant at) {
  return units::clock_utc(at).substr(0, 5);
}

std::string minutes(Span span) {
  return minute(span.from) + "–" + minute(span.to);
}

std::string_view without_samples(std::optional<bool> same_run) {
  if (!same_run) return "agent took no samples ";
  return *same_run ? "agent was stopped or frozen, no samples " : "agent died and was started again, no samples ";
}

Span longer(Span a, Span b) {
  return b.to - b.from > a.to - a.from ? b : a;
}

}  // namespace

void Hole::tick(units::Instant at) {
  if (at <= last_) return;
  longest_ = longer(longest_, {last_, at});
  last_ = at;
}

Span Hole::longest(units::Instant to) const {
  return longer(longest_, {last_, std::max(last_, to)});
}

std::string correction(const domain::Outage& outage, const Evidence& evidence) {
  if (evidence.rebooted) return "rebooted at " + minute(*evidence.rebooted);
  if (outage.status == domain::HostStatus::stopped) return "";  // it said goodbye: there is nothing to correct
  const Span all{outage.from, *outage.to};
  if (evidence.covered) return "host was up; network cut " + minutes(all);
  const Span& hole = evidence.hole;
  if (2 * (hole.to - hole.from) >= all.to - all.from) {
    return std::string(without_samples(evidence.same_run)) + minutes(hole);
  }
  return "host was up; network cut " + minutes(all) + "; no samples " + minutes(hole);
}

}  // namespace vedette::fleet
