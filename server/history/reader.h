// Reads a host's ticks slot by slot from files and memory: only one slot's rows are decoded at a time. Any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "server/domain/clock.h"
#include "server/history/chunk_files.h"
#include "server/history/intake.h"
#include "server/history/open_chunks.h"
#include "server/history/rows.h"

namespace vedette::history {

class Reader {
 public:
  /// `damaged` is told what of a file could not be read, on the caller's thread; the answer has a gap there.
  using Damaged = std::function<void(const std::string&)>;
  Reader(const ChunkFiles& files, const OpenChunks& open, const Intake& intake, const domain::Clock& clock,
         Damaged damaged)
      : files_(files), open_(open), intake_(intake), clock_(clock), damaged_(std::move(damaged)) {}

  /// Hands over the rows of each slot in [from, to] that has any, in order of time. `earlier`: before them, the nearest
  /// older slot with ticks, at most a day back. `timeout` after ten seconds.
  using Sink = std::function<units::Result<void>(const Rows&)>;
  [[nodiscard]] units::Result<void> read(domain::HostNumber host, Slot from, Slot to,
                                         std::span<const std::uint32_t> wanted, bool earlier, const Sink& sink) const;

  /// Newest tick in the chunk files.
  [[nodiscard]] units::Result<std::optional<units::Instant>> newest_stored(domain::HostNumber host) const;

 private:
  struct LooseTick {
    const domain::Tick* tick = nullptr;
    std::uint32_t epoch = 0;
  };
  /// What isn't in files, by slot, in the order it came.
  struct Memory {
    std::map<Slot, std::vector<SharedChunk>> chunks;
    std::map<Slot, std::vector<LooseTick>> ticks;
    std::vector<Accepted> batches;  ///< keeps `ticks` alive
  };
  [[nodiscard]] Memory memory_of(domain::HostNumber host, Slot from, Slot to) const;
  [[nodiscard]] units::Result<void> read_window(domain::HostNumber host, Slot from, Slot to, const Memory& memory,
                                                std::span<const std::uint32_t> wanted, const Sink& sink) const;
  [[nodiscard]] units::Result<std::vector<StoredChunk>> stored(domain::HostNumber host, Slot from, Slot to,
                                                               std::span<const std::uint32_t> groups) const;

  const ChunkFiles& files_;
  const OpenChunks& open_;
  const Intake& intake_;
  const domain::Clock& clock_;
  const Damaged damaged_;
};

}  // namespace vedette::history
