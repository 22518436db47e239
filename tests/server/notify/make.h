// Values that the tests of notifications start from.
#pragma once

#include "server/domain/control_store.h"
#include "server/notify/receiver.h"

namespace vedette::notify::testing {

/// Seconds after Wed 18 Nov 2026 11:06:40 UTC.
inline units::Instant at(std::int64_t seconds) {
  return units::from_unix_ms((1'795'000'000 + seconds) * 1000);
}

inline Email email(const std::string& server) {
  Email email;
  email.server = server;
  email.from = "vedette@example.org";
  email.to = {"ops@example.org", "second@example.org"};
  return email;
}

/// "An agent was killed", queued at at(0) for receiver "ops".
inline domain::Delivery killed(std::uint64_t id = 1, std::uint64_t incident = 7) {
  domain::Delivery delivery;
  delivery.id = id;
  delivery.receiver = "ops";
  delivery.message_id = "<" + std::to_string(incident) + ".fired@vedette>";
  delivery.not_before = at(0);
  delivery.notice.incident = incident;
  delivery.notice.at = at(0);
  delivery.notice.host_name = "web-07";
  delivery.notice.host_id = "00112233445566778899aabbccddeeff";
  delivery.notice.alert.id = delivery.notice.alert.incident = incident;
  delivery.notice.alert.rule = "host-down";
  delivery.notice.alert.severity = domain::Severity::critical;
  delivery.notice.alert.phase = domain::Phase::firing;
  delivery.notice.alert.since = at(0);
  delivery.notice.alert.reason = "lost: connection ended without goodbye: agent killed, or something between cut it";
  return delivery;
}

/// Its end, queued at at(seconds).
inline domain::Delivery back(std::uint64_t id, std::uint64_t incident, std::int64_t seconds) {
  domain::Delivery delivery = killed(id, incident);
  delivery.message_id = "<" + std::to_string(incident) + ".resolved@vedette>";
  delivery.notice.transition = domain::Transition::resolved;
  delivery.notice.at = delivery.not_before = at(seconds);
  return delivery;
}

}  // namespace vedette::notify::testing
