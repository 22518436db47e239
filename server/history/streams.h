// How far each stream of each host was accepted and made durable.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::history {

using StreamKey = std::pair<domain::HostNumber, std::uint64_t>;

/// A host has one stream or two as a rule, and is asked for with each of its ticks: found by one look-up and in one
/// place of memory. Not thread-safe.
class Streams {
 public:
  struct Stream {
    std::uint64_t accepted = 0, durable = 0, saved = 0;
    units::Instant seen{};
    /// Nothing of it is on its way, and the database has its mark.
    [[nodiscard]] bool settled() const noexcept { return accepted == durable && durable == saved; }
  };

  // What find() and at() give is valid until the next at(), make_room(), erase_if() or forget().
  /// nullptr if there is none.
  [[nodiscard]] Stream* find(const StreamKey& key);
  [[nodiscard]] const Stream* find(const StreamKey& key) const { return const_cast<Streams*>(this)->find(key); }
  /// Makes one where there is none.
  [[nodiscard]] Stream& at(const StreamKey& key);

  /// If the host has `most` streams or more: removes the one of those settled that was silent longest, and tells which.
  std::optional<StreamKey> make_room(domain::HostNumber host, std::size_t most);
  [[nodiscard]] std::size_t of(domain::HostNumber host) const;
  void forget(domain::HostNumber host);
  template <class Predicate>
  void erase_if(Predicate predicate) {
    for (auto host = hosts_.begin(); host != hosts_.end();) {
      std::erase_if(host->second, [&](const auto& stream) { return predicate(stream.second); });
      host = host->second.empty() ? hosts_.erase(host) : std::next(host);
    }
  }
  template <class Visit>
  void each(Visit visit) const {
    for (const auto& [host, streams] : hosts_) {
      for (const auto& [id, stream] : streams) visit(StreamKey{host, id}, stream);
    }
  }

 private:
  using Entry = std::pair<std::uint64_t, Stream>;
  std::unordered_map<domain::HostNumber, std::vector<Entry>> hosts_;
};

}  // namespace vedette::history
