// Which connection speaks for a host. A new one always replaces the old; two machines with one key that keep replacing
// each other are told apart by their boot ids.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "schema/units/time.h"
#include "schema/wire/messages.h"
#include "server/domain/guarded.h"
#include "server/domain/ids.h"

namespace vedette::ingest {

/// Any thread. Entries stay after a connection's end (one a host), so that late news of an old connection is known as
/// such.
class Roster {
 public:
  static constexpr double kHellos = 60, kHellosASecond = 1;  ///< of one host: at once, and after that

  struct Taken {
    std::optional<domain::ConnectionId> replaced;
    bool revoked = false;          ///< the host was revoked after this connection was let in: nothing was changed
    bool clones = false;           ///< this boot id was here before the one it replaces: two machines hold the identity
    bool same_boot = false;        ///< the connection before was of the same boot
    std::optional<bool> same_run;  ///< … and of the same process of the agent; absent if none was here before
  };
  [[nodiscard]] Taken take(domain::HostNumber host, domain::ConnectionId connection, const wire::Id128& boot,
                           const wire::Id128& run);
  /// The connection speaks for the host if no living one does: for one at fault before its Hello. What is remembered of
  /// boots and runs stays.
  void speak_up(domain::HostNumber host, domain::ConnectionId connection);
  /// The connection ended. It still speaks for the host until another takes over: the news of its end is on its way.
  void ended(domain::HostNumber host, domain::ConnectionId connection);
  /// Counts a Hello; false when the host says it more often than any network makes an agent say it.
  [[nodiscard]] bool admit(domain::HostNumber host, units::Steady now);
  /// No connection speaks for the host any more, not even one that was let in and hasn't said Hello. Who does now?
  std::optional<domain::ConnectionId> revoke(domain::HostNumber host);
  [[nodiscard]] bool holds(domain::HostNumber host, domain::ConnectionId connection) const;

 private:
  struct Entry {
    domain::ConnectionId connection{};
    wire::Id128 boot{}, run{};
    std::optional<wire::Id128> boot_before;
    bool revoked = false;
    bool ended = false;
  };
  struct Hellos {
    double left = kHellos;
    units::Steady at{};
  };
  mutable domain::Guarded<std::unordered_map<domain::HostNumber, Entry>> entries_;
  domain::Guarded<std::unordered_map<domain::HostNumber, Hellos>> hellos_;
};

}  // namespace vedette::ingest
