// The part of Fleet that tells a path that was lost from agents that died.
#include <algorithm>

#include "schema/units/log.h"
#include "server/fleet/fleet.h"

namespace vedette::fleet {

using domain::HostNumber;
using domain::HostStatus;
namespace seen = domain::seen;

void Fleet::note_path(Host& host, const domain::Sighting& sighting) {
  const HostNumber number = host.view.record.number;
  const auto* silent = std::get_if<seen::Silent>(&sighting);
  if (silent != nullptr && silent->machine_answers) return paths_.path_answers(number, ports_.clock.steady());
  if (silent != nullptr || std::holds_alternative<seen::EndedWithoutClose>(sighting)) return note_fall(host);
  if (std::holds_alternative<seen::AnswersAgain>(sighting)) {
    host.lost_path.reset();
    return paths_.answers(number);
  }
  if (std::holds_alternative<seen::GoodBye>(sighting) || std::holds_alternative<seen::ClosedByUs>(sighting)) {
    host.lost_path.reset();
    paths_.left(number);
  }
}

void Fleet::note_fall(const Host& host) {
  const auto loss = paths_.fell(host.view.record.number, ports_.clock.steady());
  // Of a network: if nothing else is heard either, it may be the collector's own connection that went.
  if (!loss || (!loss->of_proxy() && !heard_elsewhere(loss->path))) return;
  const LostPath lost{loss->number, words(*loss)};
  units::log_warning("path lost", {{"words", lost.words}});
  for (const HostNumber number : loss->hosts) {
    if (Host* fallen = find(number)) mark_lost(*fallen, lost);
  }
}

bool Fleet::heard_elsewhere(const domain::NetworkPath& path) const {
  const units::Instant now = ports_.clock.now();
  return std::ranges::any_of(hosts_, [&](const auto& entry) {
    const auto& [number, host] = entry;
    const auto heard = std::max(host.view.state.last_tick, host.heard);
    return paths_.elsewhere(number, path) && heard && now - *heard <= times_.heard_lately;
  });
}

/// Who is called lost already gets the better words at once, and stays lost since then; for the others they wait.
void Fleet::mark_lost(Host& host, const LostPath& lost) {
  host.lost_path = lost;
  auto& state = host.view.state;
  if (!is_lost(state.status) || (state.reason == lost.words && state.path_loss == lost.number)) return;
  state.reason = lost.words;
  state.path_loss = lost.number;
  tell(host);
}

}  // namespace vedette::fleet
