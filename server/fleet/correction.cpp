#include "server/fleet/correction.h"

namespace vedette::fleet {
namespace {

std::string minute(units::Instant at) {
  return units::clock_utc(at).substr(0, 5);
}

}  // namespace

std::string correction(const domain::Outage& outage, const Evidence& evidence) {
  if (evidence.rebooted) return "rebooted at " + minute(*evidence.rebooted);
  const std::string span = minute(outage.from) + "–" + minute(*outage.to);
  if (evidence.covered) return "host was up; network cut " + span;
  if (evidence.backfilled > 0) return "host was up for a part of it; some samples are missing " + span;
  return "agent was stopped: no samples " + span;
}

}  // namespace vedette::fleet
