// Which connection speaks for a host. A new one always replaces the old; two machines with one key that keep replacing
// each other are told apart by their boot ids.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "schema/wire/messages.h"
#include "server/domain/guarded.h"
#include "server/domain/ids.h"

namespace vedette::ingest {

/// Any thread. Entries stay after a connection's end (one a host), so that late news of an old connection is known as
/// such.
class Roster {
 public:
  struct Taken {
    std::optional<domain::ConnectionId> replaced;
    bool revoked = false;          ///< the host was revoked after this connection was let in: nothing was changed
    bool clones = false;           ///< this boot id was here before the one it replaces: two machines hold the identity
    bool same_boot = false;        ///< the connection before was of the same boot
    std::optional<bool> same_run;  ///< … and of the same process of the agent; absent if none was here before
  };
  [[nodiscard]] Taken take(domain::HostNumber host, domain::ConnectionId connection, const wire::Id128& boot,
                           const wire::Id128& run);
  /// No connection speaks for the host any more, not even one that was let in and hasn't said Hello. Who does now?
  std::optional<domain::ConnectionId> revoke(domain::HostNumber host);
  [[nodiscard]] bool holds(domain::HostNumber host, domain::ConnectionId connection) const;
  [[nodiscard]] std::optional<domain::ConnectionId> holder(domain::HostNumber host) const;

 private:
  struct Entry {
    domain::ConnectionId connection{};
    wire::Id128 boot{}, run{};
    std::optional<wire::Id128> boot_before;
    bool revoked = false;
  };
  mutable domain::Guarded<std::unordered_map<domain::HostNumber, Entry>> entries_;
};

}  // namespace vedette::ingest
