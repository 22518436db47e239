#include "server/fleet/directory.h"

#include <algorithm>

namespace vedette::fleet {

using domain::HostView;

std::vector<HostView> Directory::hosts() const {
  auto views = hosts_.with([](const auto& hosts) {
    std::vector<HostView> out;
    out.reserve(hosts.size());
    for (const auto& [id, view] : hosts) out.push_back(view);
    return out;
  });
  std::ranges::sort(views, {}, [](const HostView& view) -> const std::string& { return view.record.name; });
  return views;
}

std::optional<HostView> Directory::host(const units::HostId& id) const {
  return hosts_.with([&](const auto& hosts) {
    const auto it = hosts.find(id);
    return it == hosts.end() ? std::nullopt : std::optional(it->second);
  });
}

void Directory::put(HostView view) {
  hosts_.with([&](auto& hosts) { hosts[view.record.id] = view; });
}

void Directory::remove(domain::HostNumber host) {
  hosts_.with([&](auto& hosts) {
    std::erase_if(hosts, [&](const auto& entry) { return entry.second.record.number == host; });
  });
}

void Directory::put_state(const units::HostId& id, const domain::HostState& state) {
  hosts_.with([&](auto& hosts) {
    if (const auto it = hosts.find(id); it != hosts.end()) it->second.state = state;
  });
}

}  // namespace vedette::fleet
