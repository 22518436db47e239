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

}  // namespace

Fleet::Fleet(FleetPorts ports, FleetTimes times)
    : ports_(ports),
      times_(times),
      ledger_(ports.records, ports.control, ports.clock, [this](auto... outage) { note_stored(outage...); }) {}

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
  host.view.state.last_tick = ports_.history.newest(record.number);
  host.values.set_series(ports_.history.series(record.number));
  directory_.put(host.view);
}

void Fleet::load_past(Host& host, const domain::HostRecords::LastStatus& last) {
  auto& state = host.view.state;
  state.status = last.status;
  state.since = last.since;
  state.reason = last.reason;
  if (last.status == HostStatus::up || last.status == HostStatus::unknown) {
    state.status = HostStatus::unknown;
    state.since = ports_.clock.now();
    state.reason.clear();
    hold_back(host, {HostStatus::lost, std::string(kLostWords), false}, times_.grace);
  } else if (away(last.status)) {
    host.outage = open_outage(last);
    if (host.outage) host.hole.emplace(host.outage->from);
  }
  directory_.put(host.view);
  ports_.observer.on_host(host.view.record, state);
}

std::optional<Outage> Fleet::open_outage(const domain::HostRecords::LastStatus& last) {
  const auto outages = ports_.records.outages(last.host, last.since - 1min, ports_.clock.now());
  if (!outages) return std::nullopt;
  const auto open = std::ranges::find_if(*outages, [](const Outage& o) { return !o.to; });
  return open == outages->end() ? std::nullopt : std::optional(*open);
}

void Fleet::load_revoked(const domain::HostRecord& record, const domain::HostRecords::LastStatus* last) {
  Host host;
  host.view.record = record;
  if (const auto facts = ports_.records.facts(record.number)) host.view.facts = *facts;
  host.view.state.last_tick = ports_.history.newest(record.number);
  if (last != nullptr && last->reason == kRevoked) {
    host.view.state.status = last->status;
    host.view.state.since = last->since;
    host.view.state.reason = last->reason;
    directory_.put(host.view);
    return ports_.observer.on_host(record, host.view.state);  // closes what a crash left open
  }
  // Revoked while nobody ran, or by an older version: what was open then ends now.
  if (last != nullptr) host.outage = open_outage(*last);
  drop(host);
}

void Fleet::refresh() {
  ports_.control.post([this] { reread(); });
}

void Fleet::reread() {
  const auto records = ports_.records.hosts();
  if (!records) {
    units::log_error("hosts can't be read", {{"error", records.error().message}});
    return;
  }
  for (const auto& record : *records) {
    const auto it = hosts_.find(record.number);
    if (it == hosts_.end()) {
      if (record.revoked) continue;
      load(record);
      if (Host* host = find(record.number)) publish(*host);
    } else if (record.revoked) {
      it->second.view.record = record;
      drop(it->second);
      hosts_.erase(it);
    } else {
      it->second.view.record = record;
      publish(it->second);
    }
  }
}

void Fleet::drop(Host& host) {
  // Alerts see a revoked host as one that stopped on purpose.
  host.view.state = {HostStatus::stopped, ports_.clock.now(), std::string(kRevoked), host.view.state.last_tick, {}, {}};
  save_status(host);
  ports_.observer.on_host(host.view.record, host.view.state);
  end_outage(host, ports_.clock.now());
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
    reread();  // enrolled since the start
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
  if (const auto* happened = std::get_if<seen::Happened>(&sighting)) {
    units::log_info("happening",
                    {{"host", host->view.record.name}, {"kind", happened->kind}, {"text", happened->text}});
  }
  if (std::holds_alternative<seen::BackfillDone>(sighting)) correct(*host, false);
  if (std::holds_alternative<seen::AnswersAgain>(sighting)) {
    host->heard = at;
    host->same_run = true;
  }
  if (const auto judgement = judge(host->view.state.status, sighting)) apply(*host, at, *judgement);
  // The same connection goes on: there is no backfill whose end could be waited for.
  if (std::holds_alternative<seen::AnswersAgain>(sighting) && host->outage) correct_later(*host, false);
}

void Fleet::welcome(Host& host, Instant at, const seen::Welcomed& welcomed) {
  host.heard = at;
  if (host.outage) {
    if (!host.outage->to) host.same_run = welcomed.same_run;
    // A boot of this run is known by its number; after a restart of the collector the host's own boot time tells.
    const bool other_boot = host.boot != 0 ? host.boot != welcomed.boot : welcomed.facts.boot_time > host.outage->from;
    if (other_boot) host.rebooted = std::clamp(welcomed.facts.boot_time, host.outage->from, at);
  }
  host.boot = welcomed.boot;
  if (host.view.facts != welcomed.facts) {
    host.view.facts = welcomed.facts;
    if (const auto saved = ports_.records.save_facts(host.view.record.number, welcomed.facts); !saved) {
      units::log_error("facts not saved", {{"host", host.view.record.name}, {"error", saved.error().message}});
    }
  }
  units::log_info("agent connected", {{"host", host.view.record.name}, {"peer", welcomed.peer}});
  apply(host, at, {HostStatus::up, "", false});
}

void Fleet::apply(Host& host, Instant at, const Judgement& judgement) {
  const bool bad = judgement.status == HostStatus::lost || judgement.status == HostStatus::unresponsive;
  if (bad && !judged_at_once(host)) {
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

void Fleet::become(Host& host, Instant at, HostStatus status, const std::string& reason) {
  host.held_back.reset();
  ++host.turn;
  auto& state = host.view.state;
  if (state.status == status && state.reason == reason) return publish(host);
  state.status = status;
  state.reason = reason;
  state.since = at;
  units::log_info("host status",
                  {{"host", host.view.record.name}, {"status", domain::name(status)}, {"reason", reason}});
  save_status(host);
  if (away(status)) begin_outage(host, at);
  if (status == HostStatus::up) {
    end_outage(host, at);
  }
  publish(host);
  ports_.observer.on_host(host.view.record, state);
}

void Fleet::save_status(const Host& host) {
  const auto& state = host.view.state;
  // `unknown` isn't kept: what it was before is what the next start must know.
  if (state.status == HostStatus::unknown) return;
  ledger_.status({host.view.record.number, state.status, state.since, state.reason});
}

// ---- outages ------------------------------------------------------------------------------------------------------

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
  // Agents keep a day: what is longer isn't worth reading through, and a hole in it says nothing of the agent.
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

// ---- our own trouble ----------------------------------------------------------------------------------------------

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

// ---- ticks --------------------------------------------------------------------------------------------------------

void Fleet::on_ticks(const domain::SharedBatch& batch) {
  Host* host = find(batch->host);
  if (host == nullptr) return;
  host->heard = ports_.clock.now();
  for (const domain::Tick& tick : batch->ticks) {
    if (host->hole && (!host->outage->to || tick.at < *host->outage->to)) host->hole->tick(tick.at);
    auto& last = host->view.state.last_tick;
    last = std::max(last.value_or(tick.at), tick.at);
    if (batch->live) take_live(*host, tick);
  }
}

void Fleet::take_live(Host& host, const domain::Tick& tick) {
  if (host.values.needs_series(tick)) {
    host.values.set_series(ports_.history.series(host.view.record.number));
  }
  const auto values = host.values.take(tick);
  publish(host);
  if (values.empty()) return;
  publish_tick(host, tick);
  ports_.observer.on_values(host.view.record.number, tick.at, values);
}

void Fleet::publish(Host& host) {
  directory_.put(host.view);
  ports_.live.publish("fleet", units::to_string(host.view.record.id),
                      fleet_row(host.view, host.values.latest(), notifies_at(host)), true);
}

void Fleet::publish_tick(Host& host, const domain::Tick& tick) {
  const std::string topic = host_topic(host.view.record.id);
  if (!ports_.live.watched(topic)) return;
  // Each time: the topic may have been forgotten and made again between two ticks.
  ports_.live.header(topic, host_header(host.values.shown()));
  const std::string key = std::to_string(units::unix_ms(tick.at));
  ports_.live.publish(topic, key, host_row(tick.at, host.values.shown(), host.values.latest()), true);
}

std::optional<Instant> Fleet::notifies_at(const Host& host) const {
  const auto& state = host.view.state;
  if (!away(state.status) || state.status == HostStatus::stopped) return std::nullopt;
  if (host.outage && host.outage->notified) return std::nullopt;
  return state.since + times_.hold;
}

}  // namespace vedette::fleet
