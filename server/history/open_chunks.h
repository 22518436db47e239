// Ticks that are durable in write-ahead rows but not sealed yet, by host and slot. A snapshot type: reachable only
// under its own lock, any thread. The writer appends, the sealer takes what is due, queries copy.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "server/domain/tick.h"
#include "server/history/ahead.h"
#include "server/history/key.h"
#include "server/history/packed.h"

namespace vedette::history {

/// One host's ticks of one slot, in the order they came.
struct OpenChunk {
  domain::HostNumber host{};
  Slot slot = 0;
  PackedTicks ticks;
  std::int64_t first_row = 0;  ///< the oldest write-ahead row that holds one of its ticks
  units::Steady opened{};      ///< when the first tick came
  units::Steady touched{};     ///< when the last tick came
  bool late = false;           ///< the slot had been due already when it was opened
};
using SharedChunk = std::shared_ptr<const OpenChunk>;

/// When a chunk is due.
struct SealRule {
  units::Milliseconds grace{20'000};      ///< after the slot's end, for ticks that are on their way
  units::Milliseconds idle{30'000};       ///< a late chunk waits until nothing came for so long …
  units::Milliseconds late_age{300'000};  ///< … but no longer than this
  std::size_t chunk_bytes = 4U << 20;     ///< a chunk this large is due at once
};

class OpenChunks {
 public:
  explicit OpenChunks(SealRule rule) : rule_(rule) {}

  /// Adds the ticks of a committed row. Ticks the key can't hold (time, host, width) are left out and counted.
  void append(std::int64_t row, std::span<const Accepted> batches, units::Instant now, units::Steady steady);

  /// Up to `limit` chunks that are due, oldest slot first; `all` takes what isn't due too. They stay visible to
  /// snapshot() until sealed().
  [[nodiscard]] std::vector<SharedChunk> take_due(units::Instant now, units::Steady steady, std::size_t limit,
                                                  bool all = false);
  void sealed(std::span<const SharedChunk> chunks);

  /// Write-ahead rows below this hold nothing that isn't sealed.
  [[nodiscard]] std::int64_t needed_from() const;

  /// The host's chunks of these slots, oldest first: those being sealed, then copies of the open ones.
  [[nodiscard]] std::vector<SharedChunk> snapshot(domain::HostNumber host, Slot from, Slot to) const;

  /// The host's slots that have chunks here.
  [[nodiscard]] std::set<Slot> slots(domain::HostNumber host) const;

  void forget(domain::HostNumber host);

  struct Counts {
    std::size_t chunks = 0;      ///< open or being sealed
    std::size_t bytes = 0;       ///< their packed ticks
    std::uint64_t left_out = 0;  ///< ticks that the key can't hold, since the start
  };
  [[nodiscard]] Counts counts() const;

 private:
  OpenChunk& chunk(domain::HostNumber host, Slot slot, std::int64_t row, units::Instant now, units::Steady steady);
  [[nodiscard]] bool due(const OpenChunk& chunk, units::Instant now, units::Steady steady) const;

  using ByHost = std::unordered_map<std::uint32_t, std::vector<std::shared_ptr<OpenChunk>>>;
  const SealRule rule_;
  mutable std::mutex mutex_;
  ByHost open_;
  ByHost sealing_;
  std::int64_t applied_ = 0;  ///< newest row whose ticks are all here
  std::size_t bytes_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace vedette::history
