#include "server/fleet/fleet.h"

#include <algorithm>

#include "schema/units/log.h"
#include "server/fleet/rows.h"

namespace vedette::fleet {

using domain::HostNumber;
using domain::HostStatus;
using domain::Outage;
using domain::Sighting;
using units::Instant;
using units::Milliseconds;
namespace seen = domain::seen;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view kRevoked = "revoked";

/// What was set at the collector wins; else the host has the tags that its agent tells.
void take_agents_tags(domain::HostView& view, bool set_here) {
  if (!set_here && view.facts) view.record.tags = view.facts->tags;
}

}  // namespace

Fleet::Fleet(FleetPorts ports, FleetTimes times)
    : ports_(ports),
      times_(times),
      ledger_(ports.records, ports.control, ports.clock, [this](auto... outage) { note_stored(outage...); }) {
  ledger_.on_noted([this](const domain::Happening& happening) { show(happening); });
}

// ---- start and the list of hosts ----------------------------------------------------------------------------------

units::Result<void> Fleet::start() {
  ports_.live.header("fleet", fleet_header());
  const auto records = ports_.records.hosts();
  if (!records) return std::unexpected(records.error());
  const auto lasts = ports_.records.last_statuses();
  if (!lasts) return std::unexpected(lasts.error());
  for (const auto& record : *records) {
    if (!record.revoked) load(record);
  }
  for (const auto& last : *lasts) {
    if (Host* host = find(last.host)) load_past(*host, last);
  }
  for (const auto& record : *records) {
    if (!record.revoked) continue;
    const auto last = std::ranges::find(*lasts, record.number, &domain::HostRecords::LastStatus::host);
    load_revoked(record, last == lasts->end() ? nullptr : &*last);
  }
  for (auto& [number, host] : hosts_) publish(host);
  begin_grace();
  watch_wall_ = ports_.clock.now();
  watch_due_ = ports_.clock.steady() + times_.watch_every;
  ports_.control.after(times_.watch_every, [this] { watch(); });
  return {};
}

void Fleet::load(const domain::HostRecord& record) {
  Host& host = hosts_[record.number];
  host.view.record = record;
  host.view.state.since = record.enrolled;
  if (const auto facts = ports_.records.facts(record.number)) host.view.facts = *facts;
  host.tagged_here = !record.tags.empty();
  take_agents_tags(host.view, host.tagged_here);
  host.view.state.last_tick = ports_.history.newest(record.number);
  host.boot = ports_.history.newest_boot(record.number);
  host.values.set_series(ports_.history.series(record.number));
  directory_.put(host.view);
}

void Fleet::load_past(Host& host, const domain::HostRecords::LastStatus& last) {
  auto& state = host.view.state;
  state.status = last.status;
  state.since = last.since;
  state.reason = last.reason;
  const Past past = past_outages(last);
  host.outage = past.open;
  if (host.outage) host.hole.emplace(host.outage->from);
  if (last.status == HostStatus::up || last.status == HostStatus::unknown || past.came_back) {
    state.status = HostStatus::unknown;
    state.since = ports_.clock.now();
    state.reason.clear();
    hold_back(host, {HostStatus::lost, std::string(kNotBack), false}, times_.grace);
  }
  directory_.put(host.view);
  ports_.observer.on_host(host.view.record, state);
}

void Fleet::load_revoked(const domain::HostRecord& record, const domain::HostRecords::LastStatus* last) {
  Host host;
  host.view.record = record;
  if (const auto facts = ports_.records.facts(record.number)) host.view.facts = *facts;
  take_agents_tags(host.view, !record.tags.empty());
  host.view.state.last_tick = ports_.history.newest(record.number);
  if (last != nullptr && last->reason == kRevoked) {
    host.view.state.status = last->status;
    host.view.state.since = last->since;
    host.view.state.reason = last->reason;
    directory_.put(host.view);
    return ports_.observer.on_host(record, host.view.state);  // closes what a crash left open
  }
  // Revoked while nobody ran, or by an older version: what was open then ends now.
  if (last != nullptr) host.outage = past_outages(*last).open;
  drop(host);
}

void Fleet::refresh(HostNumber host) {
  ports_.control.post([this, host] { reread(host); });
}

void Fleet::reread(HostNumber number) {
  const auto record = ports_.records.host(number);
  if (!record) {
    // Who was revoked must not stay for want of one read.
    if (!unread_.insert(number).second) return;
    units::log_error("a host can't be read; will be tried again",
                     {{"number", domain::index(number)}, {"error", record.error().message}});
    ports_.control.after(times_.read_again, [this, number] {
      unread_.erase(number);
      reread(number);
    });
    return;
  }
  const auto known = hosts_.find(number);
  if (!*record) {
    if (known != hosts_.end()) {  // revoked just before, which wasn't heard of yet
      drop(known->second);
      hosts_.erase(known);
    }
    return directory_.remove(number);
  }
  if (known == hosts_.end()) {
    if ((*record)->revoked) return;
    load(**record);
    return publish(hosts_.at(number));
  }
  known->second.view.record = **record;
  known->second.tagged_here = !(*record)->tags.empty();
  take_agents_tags(known->second.view, known->second.tagged_here);
  if (!(*record)->revoked) return publish(known->second);
  drop(known->second);
  hosts_.erase(known);
}

void Fleet::drop(Host& host) {
  // Alerts see a revoked host as one that stopped on purpose.
  host.view.state = {
      HostStatus::stopped, ports_.clock.now(), std::string(kRevoked), host.view.state.last_tick, {}, {}, 0};
  save_status(host);
  ports_.observer.on_host(host.view.record, host.view.state);
  end_outage(host, ports_.clock.now());
  paths_.left(host.view.record.number);
  const std::string id = units::to_string(host.view.record.id);
  directory_.put(host.view);                                   // its history, outages and alerts can still be asked for
  ports_.live.publish("fleet", id, "[\"" + id + "\"]", true);  // nothing but its key: gone
  ports_.live.retire("fleet", id);
}

Fleet::Host* Fleet::find(HostNumber number) {
  const auto it = hosts_.find(number);
  return it == hosts_.end() ? nullptr : &it->second;
}

// ---- sightings ----------------------------------------------------------------------------------------------------

void Fleet::on_sighting(HostNumber number, Instant at, const Sighting& sighting) {
  Host* host = find(number);
  if (host == nullptr && std::holds_alternative<seen::Welcomed>(sighting)) {
    reread(number);  // enrolled since the start
    host = find(number);
  }
  if (host == nullptr) return;
  if (const auto* welcomed = std::get_if<seen::Welcomed>(&sighting)) return welcome(*host, at, *welcomed);
  if (const auto* trip = std::get_if<seen::RoundTrip>(&sighting)) {
    host->view.state.rtt = trip->rtt;
    host->view.state.skew = trip->skew;
    host->heard = at;
    directory_.put_state(host->view.record.id, host->view.state);
    return;
  }
  if (const auto* happened = std::get_if<seen::Happened>(&sighting)) note(*host, *happened);
  if (std::holds_alternative<seen::BackfillDone>(sighting)) correct(*host, false);
  if (std::holds_alternative<seen::AnswersAgain>(sighting)) {
    host->heard = at;
    host->same_run = true;
  }
  note_path(*host, sighting);
  if (const auto judgement = judge(host->view.state.status, sighting)) apply(*host, at, *judgement);
  // The same connection goes on: there is no backfill whose end could be waited for.
  if (std::holds_alternative<seen::AnswersAgain>(sighting) && host->outage) correct_later(*host, false);
}

void Fleet::note(const Host& host, const seen::Happened& happened) {
  units::log_info("happening", {{"host", host.view.record.name}, {"kind", happened.kind}, {"text", happened.text}});
  // An agent that doesn't number them tells each only once.
  const std::uint64_t id = happened.id != 0 ? happened.id
                                            : std::hash<std::string>{}(happened.kind + happened.text) ^
                                                  static_cast<std::uint64_t>(units::unix_ms(happened.at));
  ledger_.happening({host.view.record.number, id, happened.at, happened.kind, happened.text, happened.count});
}

void Fleet::show(const domain::Happening& happening) {
  if (noted_) noted_(happening);
  Host* host = find(happening.host);
  if (host == nullptr || (host->happened && *host->happened >= happening.at)) return;
  host->happened = happening.at;
  publish(*host);
}

void Fleet::welcome(Host& host, Instant at, const seen::Welcomed& welcomed) {
  host.heard = at;
  host.lost_path.reset();
  paths_.connected(host.view.record.number, welcomed.path);
  if (host.outage) {
    if (!host.outage->to) host.same_run = welcomed.same_run;
    // A boot that was known before the outage has a number up to the highest known then. Only of a host without any the
    // boot time has to tell.
    const bool other_boot = host.boot != 0 ? welcomed.boot > host.boot : welcomed.facts.boot_time > host.outage->from;
    if (other_boot) host.rebooted = std::clamp(welcomed.facts.boot_time, host.outage->from, at);
  }
  host.boot = std::max(host.boot, welcomed.boot);
  if (host.view.facts != welcomed.facts) {
    host.view.facts = welcomed.facts;
    ledger_.facts(host.view.record.number, welcomed.facts);
    take_agents_tags(host.view, host.tagged_here);
  }
  units::log_info("agent connected", {{"host", host.view.record.name}, {"peer", welcomed.peer}});
  apply(host, at, {HostStatus::up, "", false});
}

void Fleet::apply(Host& host, Instant at, const Judgement& judgement) {
  if (is_lost(judgement.status) && !judged_at_once(host)) {
    const bool was_up = host.view.state.status == HostStatus::up;
    if (was_up) become(host, at, HostStatus::unknown, "");
    return hold_back(host, judgement, std::max(grace_left(), times_.lost_after));
  }
  if (judgement.wait) return hold_back(host, judgement, times_.lost_after);
  become(host, at, judgement.status, judgement.reason);
}

void Fleet::hold_back(Host& host, Judgement judgement, Milliseconds delay) {
  host.held_back = std::move(judgement);
  const std::uint64_t turn = ++host.turn;
  ports_.control.after(delay, [this, number = host.view.record.number, turn] {
    Host* held = find(number);
    if (held == nullptr || held->turn != turn || !held->held_back) return;
    const Judgement due = *held->held_back;
    // Trouble of our own began meanwhile: it gets its time too.
    if (!judged_at_once(*held) && grace_left() > 0ms) return hold_back(*held, due, grace_left());
    become(*held, ports_.clock.now(), due.status, due.reason);
  });
}

void Fleet::become(Host& host, Instant at, HostStatus status, const std::string& verdict) {
  host.held_back.reset();
  ++host.turn;
  auto& state = host.view.state;
  const LostPath* lost = host.lost_path && is_lost(status) ? &*host.lost_path : nullptr;
  const std::string& reason = lost != nullptr ? lost->words : verdict;
  state.path_loss = lost != nullptr ? lost->number : 0;
  if (state.status == status && state.reason == reason) return publish(host);
  state.status = status;
  state.reason = reason;
  state.since = at;
  tell(host);
}

void Fleet::tell(Host& host) {
  const auto& state = host.view.state;
  units::log_info("host status",
                  {{"host", host.view.record.name}, {"status", domain::name(state.status)}, {"reason", state.reason}});
  save_status(host);
  if (away(state.status)) begin_outage(host, state.since);
  if (state.status == HostStatus::up) end_outage(host, state.since);
  publish(host);
  ports_.observer.on_host(host.view.record, state);
}

void Fleet::save_status(const Host& host) {
  const auto& state = host.view.state;
  // `unknown` isn't kept: what it was before is what the next start must know.
  if (state.status == HostStatus::unknown) return;
  ledger_.status({host.view.record.number, state.status, state.since, state.reason});
}

}  // namespace vedette::fleet
