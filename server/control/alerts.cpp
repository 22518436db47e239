// The part of Store that keeps alert states, alerts and the outbox.
#include <algorithm>

#include "server/control/pool.h"
#include "server/control/rows.h"
#include "server/control/store.h"

namespace vedette::control {

using domain::Alert;
using domain::Delivery;
using units::Instant;
using units::Result;

namespace {

constexpr Int kKept = 10'000;  // resolved alerts and finished deliveries

MaybeInt maybe_ms(const std::optional<Instant>& at) {
  MaybeInt value;
  if (at) value = Int{units::unix_ms(*at)};
  return value;
}

void put_state(Session& session, const domain::AlertRecords::State& state) {
  if (state.body.empty()) {
    session << "DELETE FROM alert_state WHERE key = ?", bind(state.key), now;
    return;
  }
  session << "INSERT INTO alert_state (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body",
      bind(state.key), bind(state.body), now;
}

void put_alert(Session& session, const Alert& alert) {
  MaybeReal value;
  if (alert.value) value = *alert.value;
  session
      << "INSERT INTO alert (id, rule, host, attributes, phase, severity, since, value, reason, notifies_at, incident, "
         "unit, notified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
         "phase = excluded.phase, severity = excluded.severity, since = excluded.since, value = excluded.value, "
         "reason = excluded.reason, notifies_at = excluded.notifies_at, incident = excluded.incident, "
         "unit = excluded.unit, notified_at = excluded.notified_at",
      bind(static_cast<Int>(alert.id)), bind(alert.rule), bind(Int{domain::index(alert.host)}),
      bind(encode_attributes(alert.attributes)), bind(std::string(domain::name(alert.phase))),
      bind(std::string(domain::name(alert.severity))), bind(Int{units::unix_ms(alert.since)}), bind(value),
      bind(alert.reason), bind(maybe_ms(alert.notifies_at)), bind(static_cast<Int>(alert.incident)), bind(alert.unit),
      bind(maybe_ms(alert.notified_at)), now;
}

void enqueue(Session& session, const Delivery& delivery) {
  session << "INSERT INTO delivery (incident, transition, receiver, notice, message_id, not_before) "
             "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (incident, transition, receiver) DO NOTHING",
      bind(static_cast<Int>(delivery.notice.incident)), bind(std::string(word(delivery.notice.transition))),
      bind(delivery.receiver), bind(encode_notice(delivery.notice)), bind(delivery.message_id),
      bind(Int{units::unix_ms(delivery.not_before)}), now;
}

void prune(Session& session) {
  session << "DELETE FROM alert WHERE phase IN ('resolved', 'inactive') AND id <= "
             "(SELECT id FROM alert WHERE phase IN ('resolved', 'inactive') ORDER BY id DESC LIMIT 1 OFFSET ?)",
      bind(kKept), now;
  session << "DELETE FROM delivery WHERE finished IS NOT NULL AND id <= "
             "(SELECT id FROM delivery WHERE finished IS NOT NULL ORDER BY id DESC LIMIT 1 OFFSET ?)",
      bind(kKept), now;
}

using AlertRow = Poco::Tuple<Int, std::string, Int, std::string, std::string, std::string, Int, MaybeReal, std::string,
                             MaybeInt, Int, std::string, MaybeInt>;

Result<Alert> alert_of(const AlertRow& row) {
  auto attributes = decode_attributes(row.get<3>());
  if (!attributes) return std::unexpected(std::move(attributes.error()));
  const auto phase = phase_of(row.get<4>());
  if (!phase) return std::unexpected(phase.error());
  const auto severity = severity_of(row.get<5>());
  if (!severity) return std::unexpected(severity.error());
  Alert alert;
  alert.id = static_cast<std::uint64_t>(row.get<0>());
  alert.rule = row.get<1>();
  alert.host = domain::HostNumber{static_cast<std::uint32_t>(row.get<2>())};
  alert.attributes = std::move(*attributes);
  alert.phase = *phase;
  alert.severity = *severity;
  alert.since = units::from_unix_ms(row.get<6>());
  if (!row.get<7>().isNull()) alert.value = row.get<7>().value();
  alert.reason = row.get<8>();
  if (!row.get<9>().isNull()) alert.notifies_at = units::from_unix_ms(row.get<9>().value());
  alert.incident = static_cast<std::uint64_t>(row.get<10>());
  alert.unit = row.get<11>();
  if (!row.get<12>().isNull()) alert.notified_at = units::from_unix_ms(row.get<12>().value());
  return alert;
}

using DeliveryRow = Poco::Tuple<Int, std::string, std::string, std::string, Int, Int, std::string, std::string>;

Result<Delivery> delivery_of(const DeliveryRow& row) {
  auto notice = decode_notice(row.get<2>());
  if (!notice) return std::unexpected(std::move(notice.error()));
  auto settled = decode_tags(row.get<7>());
  if (!settled) return std::unexpected(std::move(settled.error()));
  Delivery delivery;
  delivery.id = static_cast<std::uint64_t>(row.get<0>());
  delivery.receiver = row.get<1>();
  delivery.notice = std::move(*notice);
  delivery.message_id = row.get<3>();
  delivery.not_before = units::from_unix_ms(row.get<4>());
  delivery.attempts = static_cast<std::uint32_t>(row.get<5>());
  delivery.last_answer = row.get<6>();
  delivery.settled = std::move(*settled);
  return delivery;
}

Result<void> finish(Pool& pool, std::uint64_t id, const std::string& answer, Instant at, bool delivered) {
  return pool.write([&](Session& session) -> Result<void> {
    session << "UPDATE delivery SET attempts = attempts + 1, last_answer = ?, finished = ?, delivered = ? WHERE id = ?",
        bind(answer), bind(Int{units::unix_ms(at)}), bind(Int{delivered ? 1 : 0}), bind(static_cast<Int>(id)), now;
    return {};
  });
}

}  // namespace

Result<std::vector<Store::State>> Store::alert_states() {
  return pool_->read([](Session& session) -> Result<std::vector<State>> {
    Rows<std::string, std::string> rows;
    session << "SELECT key, body FROM alert_state ORDER BY key", into(rows), now;
    std::vector<State> states;
    for (const auto& row : rows) states.push_back({row.get<0>(), row.get<1>()});
    return states;
  });
}

Result<void> Store::commit(const Change& change) {
  return pool_->write([&](Session& session) -> Result<void> {
    for (const std::uint64_t incident : change.cancel) {
      session << "DELETE FROM delivery WHERE incident = ? AND finished IS NULL AND attempts = 0",
          bind(static_cast<Int>(incident)), now;
    }
    for (const State& state : change.states) put_state(session, state);
    for (const Alert& alert : change.alerts) put_alert(session, alert);
    for (const Delivery& delivery : change.queue) enqueue(session, delivery);
    if (!change.alerts.empty()) prune(session);
    return {};
  });
}

Result<std::uint64_t> Store::last_alert_id() {
  return pool_->read([](Session& session) -> Result<std::uint64_t> {
    Int highest = 0;
    session << "SELECT max(ifnull((SELECT max(max(id, incident)) FROM alert), 0), "
               "ifnull((SELECT max(incident) FROM delivery), 0))",
        into(highest), now;
    return static_cast<std::uint64_t>(highest);
  });
}

Result<std::vector<Alert>> Store::alerts(std::size_t resolved_limit) {
  return pool_->read([&](Session& session) -> Result<std::vector<Alert>> {
    std::vector<AlertRow> rows;
    session << "SELECT id, rule, host, attributes, phase, severity, since, value, reason, notifies_at, incident, unit, "
               "notified_at FROM alert WHERE phase IN ('pending', 'firing') OR id IN "
               "(SELECT id FROM alert WHERE phase = 'resolved' ORDER BY since DESC, id DESC LIMIT ?) ORDER BY id DESC",
        into(rows), bind(static_cast<Int>(resolved_limit)), now;
    std::vector<Alert> alerts;
    for (const AlertRow& row : rows) {
      auto alert = alert_of(row);
      if (!alert) return std::unexpected(std::move(alert.error()));
      alerts.push_back(std::move(*alert));
    }
    return alerts;
  });
}

Result<std::vector<Delivery>> Store::undelivered() {
  return pool_->read([](Session& session) -> Result<std::vector<Delivery>> {
    std::vector<DeliveryRow> rows;
    session << "SELECT id, receiver, notice, message_id, not_before, attempts, last_answer, settled FROM delivery "
               "WHERE finished IS NULL ORDER BY id",
        into(rows), now;
    std::vector<Delivery> deliveries;
    for (const DeliveryRow& row : rows) {
      auto delivery = delivery_of(row);
      if (!delivery) return std::unexpected(std::move(delivery.error()));
      deliveries.push_back(std::move(*delivery));
    }
    return deliveries;
  });
}

Result<void> Store::delivered(std::uint64_t delivery, const std::string& answer, Instant at) {
  return finish(*pool_, delivery, answer, at, true);
}

Result<void> Store::failed(std::uint64_t delivery, const std::string& answer, Instant not_before,
                           const std::vector<std::string>& settled) {
  return pool_->write([&](Session& session) -> Result<void> {
    session << "UPDATE delivery SET attempts = attempts + 1, last_answer = ?, not_before = ?, settled = ? WHERE id = ?",
        bind(answer), bind(Int{units::unix_ms(not_before)}), bind(encode_tags(settled)),
        bind(static_cast<Int>(delivery)), now;
    return {};
  });
}

Result<void> Store::give_up(std::uint64_t delivery, const std::string& answer, Instant at) {
  return finish(*pool_, delivery, answer, at, false);
}

}  // namespace vedette::control
