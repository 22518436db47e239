// The part of Fleet that holds verdicts back while the collector itself was held up.
#include <algorithm>

#include "schema/units/log.h"
#include "server/fleet/fleet.h"

namespace vedette::fleet {

using units::Instant;
using units::Milliseconds;
using namespace std::chrono_literals;

void Fleet::begin_grace() {
  grace_began_ = ports_.clock.steady();
  trouble_at_ = ports_.clock.now();
}

Milliseconds Fleet::grace_left() const {
  const auto gone = std::chrono::floor<Milliseconds>(ports_.clock.steady() - grace_began_);
  return std::max(0ms, times_.grace - gone);
}

bool Fleet::judged_at_once(const Host& host) const {
  return grace_left() == 0ms || (host.heard && *host.heard >= trouble_at_);
}

void Fleet::on_own_trouble(Instant, std::string_view what) {
  // Every connection of a late loop tells it.
  if (grace_began_ + times_.late_after < ports_.clock.steady() || !troubled_) {
    units::log_warning("the collector was held up; hosts get time to come back", {{"what", what}});
  }
  troubled_ = true;
  begin_grace();
}

void Fleet::watch() {
  const auto steady = ports_.clock.steady();
  const auto wall = ports_.clock.now();
  const auto late = std::chrono::floor<Milliseconds>(steady - watch_due_);
  // A machine that slept shows in its wall clock only; a stepped clock looks alike and costs nothing but patience.
  const auto slept = (wall - watch_wall_) - (late + times_.watch_every);
  if (late > times_.late_after) on_own_trouble(wall, "the control thread was late");
  if (slept > times_.late_after) on_own_trouble(wall, "the machine slept or its clock was set");
  watch_wall_ = wall;
  watch_due_ = steady + times_.watch_every;
  ports_.control.after(times_.watch_every, [this] { watch(); });
}

}  // namespace vedette::fleet
