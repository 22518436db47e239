// Durable control state: hosts, people, tokens, alerts, outbox. Default: server/control over SQLite (control.db)
// through Poco::Data. All methods: any thread; each call is one transaction and durable when it returns. Errors are
// `unavailable` (disk full, busy: try again later), `io`, `corrupt`, `conflict` (unique), `not_found`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/access_role.h"
#include "server/domain/alert.h"
#include "server/domain/host.h"

namespace vedette::domain {

using Digest = std::string;  ///< 32 raw bytes, SHA-256 of a secret; secrets themselves are never stored

/// Hosts and their outages.
class HostRecords {
 public:
  virtual ~HostRecords() = default;
  [[nodiscard]] virtual units::Result<std::vector<HostRecord>> hosts() = 0;
  /// Nothing if there never was one; a revoked one too.
  [[nodiscard]] virtual units::Result<std::optional<HostRecord>> host(HostNumber number) = 0;
  /// Makes the host (next number, name made unique) and stores its key's digest, using up one use of the enrolment
  /// token, in one transaction. `unauthorized` if the token is unknown or expired, `forbidden` if it is used up.
  virtual units::Result<HostRecord> enrol(const Digest& token, const units::HostId& id, const std::string& hostname,
                                          const Digest& key, units::Instant now) = 0;
  [[nodiscard]] virtual units::Result<std::optional<HostRecord>> host_by_key(const Digest& key) = 0;
  virtual units::Result<HostRecord> revoke(const std::string& name_or_id) = 0;
  /// Takes a host's record away, with its facts and outages; its number is never given again. Alerts keep what they
  /// say. What is saved of it later is dropped.
  virtual units::Result<void> remove(HostNumber host) = 0;
  struct Facts {
    HostNumber host{};
    HostFacts facts;
  };
  virtual units::Result<void> save_facts(std::span<const Facts> facts) = 0;
  [[nodiscard]] virtual units::Result<std::optional<HostFacts>> facts(HostNumber host) = 0;
  /// The last status before the collector stopped, so that a host that was down stays down.
  struct LastStatus {
    HostNumber host{};
    HostStatus status{};
    units::Instant since{};
    std::string reason;
  };
  virtual units::Result<void> save_statuses(std::span<const LastStatus> statuses) = 0;
  [[nodiscard]] virtual units::Result<std::vector<LastStatus>> last_statuses() = 0;
  /// Inserts each whose id is 0, updates the others; tells their ids in the same order.
  virtual units::Result<std::vector<std::uint64_t>> save_outages(std::span<const Outage> outages) = 0;
  [[nodiscard]] virtual units::Result<std::vector<Outage>> outages(HostNumber host, units::Instant from,
                                                                   units::Instant to) = 0;
  /// One that is there already stays as it is. Of each host the newest kMostHappenings are kept.
  virtual units::Result<void> save_happenings(std::span<const Happening> happenings) = 0;
  /// In [from, to], oldest first.
  [[nodiscard]] virtual units::Result<std::vector<Happening>> happenings(HostNumber host, units::Instant from,
                                                                         units::Instant to) = 0;
  static constexpr std::size_t kMostHappenings = 1'000;
};

struct User {
  std::uint64_t id = 0;
  std::string name;
  AccessRole role = AccessRole::viewer;
  std::string password;  ///< Argon2id in PHC string form
};
struct LoginRecord {
  Digest sid;
  std::uint64_t user = 0;
  units::Instant created{}, expires{};
};

/// A user as changed or removed, and the logins that ended with it.
struct UserChange {
  User user;
  std::vector<Digest> ended;
};

/// People, their logins, enrolment tokens.
class AccessRecords {
 public:
  virtual ~AccessRecords() = default;
  virtual units::Result<User> add_user(const std::string& name, AccessRole role, const std::string& password_phc) = 0;
  [[nodiscard]] virtual units::Result<std::optional<User>> user(const std::string& name) = 0;
  [[nodiscard]] virtual units::Result<std::optional<User>> user(std::uint64_t id) = 0;
  [[nodiscard]] virtual units::Result<std::size_t> user_count() = 0;
  [[nodiscard]] virtual units::Result<std::vector<User>> users() = 0;  ///< by name
  /// Each of these is `not_found` for a name that nobody has; the first two are `conflict` where no administrator would
  /// be left.
  virtual units::Result<UserChange> remove_user(const std::string& name) = 0;
  virtual units::Result<UserChange> set_role(const std::string& name, AccessRole role) = 0;
  virtual units::Result<UserChange> set_password(const std::string& name, const std::string& password_phc) = 0;
  virtual units::Result<void> add_login(const LoginRecord& login) = 0;
  [[nodiscard]] virtual units::Result<std::optional<LoginRecord>> login(const Digest& sid) = 0;
  virtual units::Result<void> remove_login(const Digest& sid) = 0;
  virtual units::Result<void> add_token(const Digest& token, std::uint32_t uses, units::Instant expires) = 0;
};

/// One queued delivery. Unique by (incident, transition, receiver).
struct Delivery {
  std::uint64_t id = 0;
  std::string receiver;
  Notice notice;
  std::string message_id;       ///< RFC 5322, fixed at queueing: a repeat keeps it
  units::Instant not_before{};  ///< hold or back-off
  std::uint32_t attempts = 0;
  std::string last_answer;
  std::vector<std::string> settled;  ///< recipients of a mail that have it or refused it for good: not asked again
};

/// Alert states and the outbox: a change of state and the rows it queues are one transaction.
class AlertRecords {
 public:
  virtual ~AlertRecords() = default;
  /// Opaque to the store: what the alert engine needs to go on after a restart. Key is (rule, host, attributes).
  struct State {
    std::string key;
    std::string body;
  };
  [[nodiscard]] virtual units::Result<std::vector<State>> alert_states() = 0;
  /// Everything of one evaluation that must be durable together. Queued deliveries that exist already are left alone.
  struct Change {
    std::vector<State> states;  ///< upsert; an empty body deletes
    std::vector<Alert> alerts;  ///< upsert by id (0 is never passed: ids come from next_ids)
    std::vector<Delivery> queue;
    std::vector<std::uint64_t>
        cancel;  ///< incidents whose still undelivered, unattempted rows are dropped (back within the hold)
  };
  virtual units::Result<void> commit(const Change& change) = 0;
  [[nodiscard]] virtual units::Result<std::uint64_t> last_alert_id() = 0;
  [[nodiscard]] virtual units::Result<std::vector<Alert>> alerts(
      std::size_t resolved_limit) = 0;  ///< all open ones, newest resolved
  [[nodiscard]] virtual units::Result<std::vector<Delivery>> undelivered() = 0;
  virtual units::Result<void> delivered(std::uint64_t delivery, const std::string& answer, units::Instant at) = 0;
  /// To be tried again. `settled` replaces Delivery::settled.
  virtual units::Result<void> failed(std::uint64_t delivery, const std::string& answer, units::Instant not_before,
                                     const std::vector<std::string>& settled) = 0;
  virtual units::Result<void> give_up(std::uint64_t delivery, const std::string& answer, units::Instant at) = 0;
};

class ControlStore : public HostRecords, public AccessRecords, public AlertRecords {};

}  // namespace vedette::domain
