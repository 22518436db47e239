#include "server/app/heartbeat.h"

#include "schema/units/log.h"

namespace vedette::app {

bool Heartbeat::beats(units::Steady now) {
  std::string hanging;
  for (const Pulse& pulse : pulses_) {
    if (now - pulse.last() > pulse.longest) hanging += (hanging.empty() ? "" : ", ") + pulse.name;
  }
  if (hanging != hanging_) {
    if (hanging.empty()) {
      units::log(units::Level::notice, "all threads turn again");
    } else {
      units::log_error("threads hang; the service manager's watchdog isn't fed", {{"threads", hanging}});
    }
  }
  hanging_ = hanging;
  return hanging_.empty();
}

}  // namespace vedette::app
