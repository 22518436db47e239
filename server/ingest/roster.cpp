#include "server/ingest/roster.h"

#include <algorithm>

namespace vedette::ingest {

using domain::ConnectionId;
using domain::HostNumber;

Roster::Taken Roster::take(HostNumber host, ConnectionId connection, const wire::Id128& boot, const wire::Id128& run) {
  return entries_.with([&](auto& entries) {
    Taken taken;
    const auto [it, inserted] =
        entries.try_emplace(host, Entry{.connection = connection, .boot = boot, .run = run, .boot_before = {}});
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
    entry.ended = false;
    return taken;
  });
}

void Roster::speak_up(HostNumber host, ConnectionId connection) {
  entries_.with([&](auto& entries) {
    const auto [it, inserted] = entries.try_emplace(host);
    Entry& entry = it->second;
    if (!inserted && (entry.revoked || !entry.ended)) return;
    entry.connection = connection;
    entry.ended = false;
  });
}

void Roster::ended(HostNumber host, ConnectionId connection) {
  entries_.with([&](auto& entries) {
    const auto it = entries.find(host);
    if (it != entries.end() && it->second.connection == connection) it->second.ended = true;
  });
}

bool Roster::admit(HostNumber host, units::Steady now) {
  return hellos_.with([&](auto& hellos) {
    const auto [it, inserted] = hellos.try_emplace(host, Hellos{kHellos, now});
    Hellos& of_host = it->second;
    const double seconds = std::max(0.0, std::chrono::duration<double>(now - of_host.at).count());
    of_host.left = std::min(kHellos, of_host.left + seconds * kHellosASecond);
    of_host.at = now;
    if (of_host.left < 1) return false;
    of_host.left -= 1;
    return true;
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
  return entries_.with([&](const auto& entries) {
    const auto it = entries.find(host);
    return it != entries.end() && it->second.connection == connection;
  });
}

}  // namespace vedette::ingest
