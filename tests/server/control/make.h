// Values for the tests of the control store.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "server/control/store.h"
#include "tests/temporary_directory.h"

namespace vedette::control {

inline std::unique_ptr<Store> open_store(const tests::TemporaryDirectory& directory) {
  auto store = Store::open(directory / "control.db");
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  return std::move(*store);
}

inline domain::Digest digest(char fill) {
  return domain::Digest(32, fill);
}

inline units::HostId host_id(std::uint8_t fill) {
  units::HostId id;
  id.bytes.fill(fill);
  return id;
}

constexpr units::Instant at(std::int64_t seconds) {
  return units::from_unix_ms(1'795'000'000'000 + seconds * 1000);
}

/// Enrols host number `n` with a token made for it.
inline domain::HostRecord enrolled(Store& store, std::uint8_t n, const std::string& hostname) {
  EXPECT_TRUE(store.add_token(digest(static_cast<char>(100 + n)), 1, at(60)));
  auto host =
      store.enrol(digest(static_cast<char>(100 + n)), host_id(n), hostname, digest(static_cast<char>(n)), at(0));
  EXPECT_TRUE(host) << host.error().message;
  return host.value_or(domain::HostRecord{});
}

inline domain::Alert firing(std::uint64_t id, std::uint64_t incident) {
  domain::Alert alert;
  alert.id = id;
  alert.rule = "host-down";
  alert.host = domain::HostNumber{1};
  alert.attributes = {{"mountpoint", "/var"}};
  alert.phase = domain::Phase::firing;
  alert.severity = domain::Severity::critical;
  alert.since = at(5);
  alert.value = 0.25;
  alert.unit = "By/s";
  alert.notified_at = at(65);
  alert.reason = "lost: connection ended without goodbye";
  alert.incident = incident;
  return alert;
}

inline domain::Delivery mail(std::uint64_t incident, const std::string& receiver) {
  domain::Delivery delivery;
  delivery.receiver = receiver;
  delivery.notice = {
      incident, domain::Transition::fired, firing(incident, incident), "web", std::string(32, 'a'), at(6), {}};
  delivery.message_id = "<" + std::to_string(incident) + "@vedette>";
  delivery.not_before = at(66);
  return delivery;
}

}  // namespace vedette::control
