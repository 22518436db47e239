// Ports between roles; app/ binds them. Each says on which thread it is called.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/alert.h"
#include "server/domain/connection.h"
#include "server/domain/control_store.h"
#include "server/domain/host.h"
#include "server/domain/http.h"
#include "server/domain/tick.h"

namespace vedette::domain {

/// ingest -> fleet. Called on the control thread, in the order things were seen.
class HostObserver {
 public:
  virtual ~HostObserver() = default;
  virtual void on_sighting(HostNumber host, units::Instant at, const Sighting& sighting) = 0;
  /// Accepted ticks (live or backfill), each once.
  virtual void on_ticks(const SharedBatch& batch) = 0;
  /// The collector's own timer was this late or its network went: verdicts wait (the table's last row).
  virtual void on_own_trouble(units::Instant at, std::string_view what) = 0;
};

/// fleet -> alerts. Control thread.
class FleetObserver {
 public:
  virtual ~FleetObserver() = default;
  virtual void on_host(const HostRecord& host, const HostState& state) = 0;  ///< any change of status or reason
  /// Values to judge: stored gauges, rates of counters and derived series of one live tick.
  struct Value {
    const metrics::Series* series = nullptr;  ///< as shown: name, attributes, unit after rate
    double value = 0;
  };
  virtual void on_values(HostNumber host, units::Instant at, std::span<const Value> values) = 0;
  virtual void on_outage(const Outage& outage) = 0;  ///< began, ended or was corrected
};

/// alerts -> fleet, so that an outage knows whether people were told. Control thread.
class NotificationObserver {
 public:
  virtual ~NotificationObserver() = default;
  virtual void on_notified(HostNumber host, units::Instant since) = 0;
};

/// What api/ shows of a host. A copy: any thread may keep it.
struct HostView {
  HostRecord record;
  HostState state;
  std::optional<HostFacts> facts;
};

/// The fleet as others read it, revoked hosts too: their history, outages and alerts stay. Any thread; answers are
/// copies as of the last change.
class HostDirectory {
 public:
  virtual ~HostDirectory() = default;
  [[nodiscard]] virtual std::vector<HostView> hosts() const = 0;
  [[nodiscard]] virtual std::optional<HostView> host(const units::HostId& id) const = 0;
};

/// Deletes hosts for good: the agent is cut off, the samples are dropped and their room is free, the record goes. After
/// a crash in between the host is a revoked one still and can be removed again. Any thread; takes as long as the disk.
class HostRemover {
 public:
  virtual ~HostRemover() = default;
  /// `not_found` if no host has that name or id.
  virtual units::Result<HostRecord> remove(const std::string& name_or_id) = 0;
};

/// Who asks. Any thread; reads from memory or one indexed row, so loops may call it.
struct Person {
  std::uint64_t id = 0;
  std::string name;
  AccessRole role = AccessRole::viewer;
  Digest sid;
  units::Instant expires = units::Instant::max();  ///< when the login ends by itself
};
class Gatekeeper {
 public:
  virtual ~Gatekeeper() = default;
  /// The person behind the request's session cookie; `unauthorized` if none.
  [[nodiscard]] virtual units::Result<Person> person(const RequestHead& head) = 0;
  /// Origin equals https:// + Host, public_url or an allowed origin; the error names both sides.
  [[nodiscard]] virtual units::Result<void> origin(const RequestHead& head) = 0;
  /// The host behind `Authorization: Bearer`; `unauthorized`, or `forbidden` if revoked.
  [[nodiscard]] virtual units::Result<HostRecord> host(const RequestHead& head) = 0;
};

/// Someone's rights changed: connections that lean on them are closed, or judged anew, at once. Any thread.
class RevocationObserver {
 public:
  virtual ~RevocationObserver() = default;
  virtual void on_host_revoked(HostNumber host) = 0;                      ///< close 4403
  virtual void on_login_ended(const Digest& sid) = 0;                     ///< close 4401
  virtual void on_role_changed(std::uint64_t user, AccessRole role) = 0;  ///< topics are judged anew, with the new role
};

}  // namespace vedette::domain
