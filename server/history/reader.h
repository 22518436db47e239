// Reads a host's ticks slot by slot from files and memory. Any thread.
#pragma once

#include <functional>
#include <optional>

#include "server/domain/clock.h"
#include "server/history/chunk_files.h"
#include "server/history/intake.h"
#include "server/history/open_chunks.h"
#include "server/history/rows.h"

namespace vedette::history {

class Reader {
 public:
  Reader(const ChunkFiles& files, const OpenChunks& open, const Intake& intake, const domain::Clock& clock)
      : files_(files), open_(open), intake_(intake), clock_(clock) {}

  /// Hands over the rows of each slot in [from, to] that has any, in order of time. `earlier`: before them, the nearest
  /// older slot with ticks, at most a day back. `timeout` after ten seconds.
  using Sink = std::function<units::Result<void>(const Rows&)>;
  [[nodiscard]] units::Result<void> read(domain::HostNumber host, Slot from, Slot to,
                                         std::span<const std::uint32_t> wanted, bool earlier, const Sink& sink) const;

  /// Newest tick in the chunk files.
  [[nodiscard]] units::Result<std::optional<units::Instant>> newest_stored(domain::HostNumber host) const;

 private:
  using InMemory = std::map<Slot, RowMerger>;
  struct Memory {
    std::vector<SharedChunk> chunks;
    std::vector<Accepted> batches;
  };
  [[nodiscard]] units::Result<void> read_window(domain::HostNumber host, Slot from, Slot to, const Memory& memory,
                                                std::span<const std::uint32_t> wanted, const Sink& sink) const;
  [[nodiscard]] std::optional<Slot> newest_in(const Memory& memory, Slot before) const;

  const ChunkFiles& files_;
  const OpenChunks& open_;
  const Intake& intake_;
  const domain::Clock& clock_;
};

}  // namespace vedette::history
