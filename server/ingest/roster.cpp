#include "server/ingest/roster.h"

namespace vedette::ingest {

using domain::ConnectionId;
using domain::HostNumber;

Roster::Taken Roster::take(HostNumber host, ConnectionId connection, const wire::Id128& boot) {
  return entries_.with([&](auto& entries) {
    Taken taken;
    const auto [it, inserted] = entries.try_emplace(host, Entry{connection, boot, std::nullopt});
    if (inserted) return taken;
    Entry& entry = it->second;
    taken.replaced = entry.connection;
    taken.same_boot = entry.boot == boot;
    taken.clones = !taken.same_boot && entry.boot_before == boot;
    if (!taken.same_boot) entry.boot_before = entry.boot;
    entry.boot = boot;
    entry.connection = connection;
    return taken;
  });
}

bool Roster::holds(HostNumber host, ConnectionId connection) const {
  return holder(host) == connection;
}

std::optional<ConnectionId> Roster::holder(HostNumber host) const {
  return entries_.with([&](const auto& entries) -> std::optional<ConnectionId> {
    const auto it = entries.find(host);
    return it == entries.end() ? std::nullopt : std::optional(it->second.connection);
  });
}

}  // namespace vedette::ingest
