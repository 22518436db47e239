#include "server/history/streams.h"

#include <algorithm>

namespace vedette::history {

using domain::HostNumber;

Streams::Stream* Streams::find(const StreamKey& key) {
  const auto host = hosts_.find(key.first);
  if (host == hosts_.end()) return nullptr;
  for (auto& [id, stream] : host->second) {
    if (id == key.second) return &stream;
  }
  return nullptr;
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

void Streams::forget(HostNumber host) {
  hosts_.erase(host);
}

}  // namespace vedette::history
