#include "server/history/streams.h"

#include <algorithm>
#include <ranges>

namespace vedette::history {

using domain::HostNumber;

Streams::Stream* Streams::find(const StreamKey& key) {
  const auto host = hosts_.find(key.first);
  if (host == hosts_.end()) return nullptr;
  const auto found = std::ranges::find(host->second | std::views::reverse, key.second, &Entry::first);  // newest first
  return found == host->second.rend() ? nullptr : &found->second;
}

Streams::Stream& Streams::at(const StreamKey& key) {
  if (Stream* known = find(key)) return *known;
  return hosts_[key.first].emplace_back(key.second, Stream{}).second;
}

std::optional<StreamKey> Streams::make_room(HostNumber host, std::size_t most) {
  const auto found = hosts_.find(host);
  if (found == hosts_.end() || found->second.size() < most) return std::nullopt;
  auto& streams = found->second;
  auto oldest = streams.end();
  for (auto it = streams.begin(); it != streams.end(); ++it) {
    if (!it->second.settled()) continue;
    if (oldest == streams.end() || it->second.seen < oldest->second.seen) oldest = it;
  }
  if (oldest == streams.end()) return std::nullopt;
  const StreamKey gone{host, oldest->first};
  streams.erase(oldest);
  return gone;
}

std::size_t Streams::of(HostNumber host) const {
  const auto found = hosts_.find(host);
  return found == hosts_.end() ? 0 : found->second.size();
}

void Streams::forget(HostNumber host) {
  hosts_.erase(host);
}

}  // namespace vedette::history
