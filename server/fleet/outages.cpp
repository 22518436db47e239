// The part of Fleet that keeps outages: when they begin and end, what turned out about them.
#include <algorithm>
#include <ranges>

#include "schema/units/log.h"
#include "server/fleet/fleet.h"

namespace vedette::fleet {

using domain::HostNumber;
using domain::Outage;
using units::Instant;
using namespace std::chrono_literals;

Fleet::Past Fleet::past_outages(const domain::HostRecords::LastStatus& last) {
  Past past;
  const auto outages = ports_.records.outages(last.host, last.since - 1min, ports_.clock.now());
  if (!outages) return past;
  for (const Outage& one : *outages | std::views::reverse) {
    if (one.to) {
      past.came_back = past.came_back || (away(last.status) && *one.to >= last.since);
    } else if (!past.open && (away(last.status) || one.from > last.since)) {
      past.open = one;
    } else {
      Outage ended = one;
      ended.to = std::max(one.from, last.since);
      ledger_.outage(ended);
    }
  }
  past.came_back = past.came_back && !past.open;
  return past;
}

void Fleet::begin_outage(Host& host, Instant at) {
  if (host.outage && !host.outage->to) {
    host.outage->status = host.view.state.status;
    host.outage->reason = host.view.state.reason;
    return save_outage(host);
  }
  Outage outage;
  outage.host = host.view.record.number;
  outage.from = std::min(at, std::max(host.view.state.last_tick, host.heard).value_or(at));
  outage.status = host.view.state.status;
  outage.reason = host.view.state.reason;
  host.outage = outage;
  host.hole.emplace(outage.from);
  host.rebooted.reset();
  host.same_run.reset();
  save_outage(host);
}

void Fleet::end_outage(Host& host, Instant at) {
  if (!host.outage || host.outage->to) return;
  host.outage->to = at;
  if (host.rebooted) host.outage->correction = correction(*host.outage, {host.rebooted, false, {}, {}});
  save_outage(host);
}

void Fleet::correct(Host& host, bool last_try) {
  if (!host.outage || !host.outage->to || host.rebooted) return;
  const Outage& outage = *host.outage;
  // Agents keep two days: what is longer isn't worth reading through, and a hole in it says nothing of the agent.
  const bool kept = *outage.to - outage.from <= times_.longest_backfill;
  const bool covered = kept && ports_.history.covered(outage.host, outage.from, *outage.to, times_.gap);
  if (!covered && !last_try) return correct_later(host, true);
  const Span hole = host.hole.value_or(Hole(outage.from)).longest(*outage.to);
  std::string words = correction(outage, {{}, covered, hole, kept ? host.same_run : std::nullopt});
  if (words == outage.correction) return;
  host.outage->correction = std::move(words);
  units::log_info("outage explained", {{"host", host.view.record.name}, {"words", host.outage->correction}});
  save_outage(host);
}

void Fleet::correct_later(const Host& host, bool last_try) {
  ports_.control.after(times_.correct_again, [this, number = host.outage->host, from = host.outage->from, last_try] {
    Host* again = find(number);
    if (again != nullptr && again->outage && again->outage->from == from) correct(*again, last_try);
  });
}

void Fleet::save_outage(const Host& host) {
  ledger_.outage(*host.outage);
  ports_.observer.on_outage(*host.outage);
}

void Fleet::note_stored(HostNumber number, Instant from, std::uint64_t id) {
  Host* host = find(number);
  if (host != nullptr && host->outage && host->outage->from == from) host->outage->id = id;
}

void Fleet::on_notified(HostNumber number, Instant) {
  Host* host = find(number);
  if (host == nullptr || !host->outage || host->outage->notified) return;
  host->outage->notified = true;
  save_outage(*host);
  publish(*host);
}

}  // namespace vedette::fleet
