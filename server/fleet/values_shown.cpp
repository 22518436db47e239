// The part of Fleet that takes ticks and shows hosts: the directory, the live rows.
#include <algorithm>

#include "server/fleet/fleet.h"
#include "server/fleet/rows.h"

namespace vedette::fleet {

using domain::HostStatus;
using units::Instant;

void Fleet::on_ticks(const domain::SharedBatch& batch) {
  Host* host = find(batch->host);
  if (host == nullptr) return;
  host->heard = ports_.clock.now();
  for (const domain::Tick& tick : batch->ticks) {
    if (host->hole && (!host->outage->to || tick.at < *host->outage->to)) host->hole->tick(tick.at);
    auto& last = host->view.state.last_tick;
    // Live ticks come in order: one that is much older shows that the collector's clock was set back.
    const bool set_back = batch->live && last && *last - tick.at > times_.clock_step;
    last = set_back ? tick.at : std::max(last.value_or(tick.at), tick.at);
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
                      fleet_row(host.view, host.values.latest(), notifies_at(host), host.happened), true);
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
  if (!times_.hold || !away(state.status) || state.status == HostStatus::stopped) return std::nullopt;
  if (host.outage && host.outage->notified) return std::nullopt;
  return state.since + *times_.hold;
}

}  // namespace vedette::fleet
