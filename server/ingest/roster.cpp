#include "server/ingest/roster.h"

namespace vedette::ingest {

using domain::ConnectionId;
using domain::HostNumber;

Roster::Taken Roster::take(HostNumber host, ConnectionId connection, const wire::Id128& boot, const wire::Id128& run) {
  return entries_.with([&](auto& entries) {
    Taken taken;
    const auto [it, inserted] = entries.try_emplace(host, Entry{connection, boot, run, std::nullopt});
    if (inserted) return taken;
    Entry& entry = it->second;
    if (entry.revoked) {
      taken.revoked = true;
      return taken;
    }
    taken.replaced = entry.connection;
    taken.same_boot = entry.boot == boot;
    taken.clones = !taken.same_boot && entry.boot_before == boot;
    if (entry.run != wire::Id128{}) taken.same_run = entry.run == run;
    if (!taken.same_boot) entry.boot_before = entry.boot;
    entry.boot = boot;
    entry.run = run;
    entry.connection = connection;
    return taken;
  });
}

std::optional<ConnectionId> Roster::revoke(HostNumber host) {
  return entries_.with([&](auto& entries) -> std::optional<ConnectionId> {
    Entry& entry = entries[host];
    entry.revoked = true;
    return entry.connection == ConnectionId{} ? std::nullopt : std::optional(entry.connection);
  });
}

bool Roster::holds(HostNumber host, ConnectionId connection) const {
  return holder(host) == connection;
}

std::optional<ConnectionId> Roster::holder(HostNumber host) const {
  return entries_.with([&](const auto& entries) -> std::optional<ConnectionId> {
    const auto it = entries.find(host);
    if (it == entries.end() || it->second.connection == ConnectionId{}) return std::nullopt;
    return it->second.connection;
  });
}

}  // namespace vedette::ingest
