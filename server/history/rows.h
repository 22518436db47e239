// Ticks of one host as columns, merged from wherever they lie: chunks of several groups and parts, open chunks, batches
// on their way. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/metrics/series.h"
#include "server/domain/tick.h"
#include "server/history/chunk_files.h"
#include "server/history/open_chunks.h"

namespace vedette::history {

/// Ticks in ascending order of time, each time once.
struct Rows {
  std::vector<std::int64_t> times;                  ///< Unix ms
  std::vector<std::uint32_t> boots;                 ///< one a tick, with its epoch (key.h)
  std::vector<std::vector<metrics::Cell>> columns;  ///< by position in the list of wanted series
};

/// Collects one slot's (or any stretch's) ticks. What is added first wins where two ticks have the same time: a tick
/// already stored is never changed by one that comes later.
class RowMerger {
 public:
  /// `wanted`: series numbers, ascending. Must outlive this.
  explicit RowMerger(std::span<const std::uint32_t> wanted) : wanted_(wanted) {}

  /// Chunks of one slot, in the order of ChunkFiles::read. Damaged ones are left out; the first such error is returned,
  /// and what could be read is there all the same.
  [[nodiscard]] units::Result<void> add(std::span<const StoredChunk> chunks);
  [[nodiscard]] units::Result<void> add(const PackedTicks& ticks);
  void add(const domain::Tick& tick, std::uint32_t epoch = 0);

  /// Ticks of an older epoch end two seconds before the first of a newer one: their times were told by a clock that ran
  /// ahead.
  [[nodiscard]] Rows merge() &&;

 private:
  [[nodiscard]] units::Result<void> add(const StoredChunk& chunk, Rows& part);
  [[nodiscard]] Rows& tail();
  struct Place {
    std::int64_t time;
    std::uint32_t source, row;
  };
  [[nodiscard]] bool one_epoch() const;
  void hide_older_epochs(std::vector<Place>& order) const;
  [[nodiscard]] Rows empty() const;

  std::span<const std::uint32_t> wanted_;
  std::vector<Rows> sources_;
  bool tail_open_ = false;  ///< the last source takes single ticks
};

/// Encodes an open chunk: sorted, each time once, ticks in `known` (the slot's stored ones) left out. No groups if
/// nothing is left. `reals[n]`: series n holds doubles.
[[nodiscard]] units::Result<EncodedChunk> encode_chunk(const OpenChunk& open, const std::vector<bool>& reals,
                                                       const Rows& known = {});

/// All parts of one slot (in the order of ChunkFiles::read, or the newest parts last) as one. `corrupt` if any is
/// damaged.
[[nodiscard]] units::Result<EncodedChunk> merge_chunks(domain::HostNumber host, Slot slot,
                                                       std::span<const StoredChunk> chunks);

/// What decoding a stored chunk may cost.
inline constexpr chunk::Limits kChunkLimits{.ticks = 4U << 20, .columns = 65, .cells = 64U << 20};

}  // namespace vedette::history
