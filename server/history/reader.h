// Reads a host's ticks slot by slot from files and memory: only one slot's rows are decoded at a time. Any thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "schema/metrics/rate.h"
#include "server/domain/clock.h"
#include "server/history/chunk_files.h"
#include "server/history/intake.h"
#include "server/history/lacks.h"
#include "server/history/open_chunks.h"
#include "server/history/rows.h"

namespace vedette::history {

/// What a query ends with that takes over ten seconds.
[[nodiscard]] std::unexpected<units::Error> too_long();

class Reader {
 public:
  /// `damaged` is told what of a file could not be read, on the caller's thread; the answer has a gap there.
  using Damaged = std::function<void(const std::string&)>;
  Reader(const ChunkFiles& files, const OpenChunks& open, const Intake& intake, const domain::Clock& clock,
         Damaged damaged)
      : files_(files), open_(&open), intake_(&intake), clock_(clock), damaged_(std::move(damaged)) {}
  /// Reads what is sealed, nothing else.
  Reader(const ChunkFiles& files, const domain::Clock& clock, Damaged damaged)
      : files_(files), clock_(clock), damaged_(std::move(damaged)) {}

  struct Stretch {
    domain::HostNumber host{};
    Slot from = 0, to = 0;
    Slot look_back = 0;  ///< 0: not at all
    std::optional<units::Steady> until{};
    Lacks* lacks = nullptr;  ///< is told what is damaged of [from, to]
  };
  /// Hands over the rows of each slot of the stretch that has any, in order of time; before them the nearest older slot
  /// with ticks, at most `look_back` slots back. `timeout` when `until` is past.
  using Sink = std::function<units::Result<void>(const Rows&)>;
  [[nodiscard]] units::Result<void> read(const Stretch& stretch, std::span<const std::uint32_t> wanted,
                                         const Sink& sink) const;
  /// The newest sample of each wanted series in slots [before − look_back, before), by position; of what can't be read,
  /// none.
  [[nodiscard]] std::vector<std::optional<metrics::CounterPoint>> newest_samples(
      domain::HostNumber host, Slot before, Slot look_back, std::span<const std::uint32_t> wanted) const;

  /// The host's slots that have ticks which no file holds yet.
  [[nodiscard]] std::set<Slot> unsealed(domain::HostNumber host) const;

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
  [[nodiscard]] units::Result<void> read_window(const Stretch& window, const Memory& memory,
                                                std::span<const std::uint32_t> wanted, const Sink& sink) const;
  [[nodiscard]] units::Result<std::vector<StoredChunk>> stored(const Stretch& window,
                                                               std::span<const std::uint32_t> groups) const;
  void report(const Stretch& window, Slot slot, const std::string& words) const;

  const ChunkFiles& files_;
  const OpenChunks* open_ = nullptr;
  const Intake* intake_ = nullptr;
  const domain::Clock& clock_;
  const Damaged damaged_;
};

}  // namespace vedette::history
