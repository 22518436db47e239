// Reads a host's history from the coarsest files that answer exactly: a slot that is built and up to date from its
// tier, everything else from the next finer one, down to the ticks in memory. Any thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>

#include "server/history/chunk_files.h"
#include "server/history/reader.h"
#include "server/history/summarizer.h"

namespace vedette::history {

/// How far back, in raw slots, it is looked for where a counter stood before a run of ticks: what it counted while its
/// host was away belongs to the first tick after that.
inline constexpr Slot kLookBack = 31 * kSlotsPerDay;

/// The same for a series that is away while its host isn't: an interface, say.
inline constexpr Slot kSeriesLookBack = 7 * kSlotsPerDay;

/// The files of every tier, by tier.
class TierFiles {
 public:
  TierFiles(const std::filesystem::path& directory, const std::string& vfs)
      : files_{{{directory, vfs, Tier::raw}, {directory, vfs, Tier::minute}, {directory, vfs, Tier::hour}}} {}
  [[nodiscard]] ChunkFiles& of(Tier tier) noexcept { return files_[static_cast<std::size_t>(tier)]; }
  /// How many files were removed so far, of all tiers.
  [[nodiscard]] std::uint64_t removals() const {
    return of(Tier::raw).removals() + of(Tier::minute).removals() + of(Tier::hour).removals();
  }
  [[nodiscard]] const ChunkFiles& of(Tier tier) const noexcept { return files_[static_cast<std::size_t>(tier)]; }

 private:
  std::array<ChunkFiles, 3> files_;
};

class TierReader {
 public:
  TierReader(const TierFiles& files, const Reader& ticks, const domain::Clock& clock, Reader::Damaged damaged)
      : files_(files), ticks_(ticks), clock_(clock), damaged_(std::move(damaged)) {}

  struct Query {
    domain::HostNumber host{};
    std::int64_t from = 0, to = 0;          ///< Unix ms, both included
    Tier tier = Tier::raw;                  ///< the coarsest that may be used
    std::span<const std::uint32_t> wanted;  ///< series numbers for ticks, ascending
    std::span<const Source> sources;
    Slot look_back = 0;  ///< before each run of ticks, in raw slots
    std::optional<units::Steady> until{};
    Lacks* lacks = nullptr;  ///< is told what is damaged, and where rows of a coarser tier than `tier` stood in
  };
  /// Where what is read goes, in order of time. Ticks come with the part of the query they are for: earlier ones only
  /// tell where counters stood.
  struct Sink {
    std::function<units::Result<void>(const Rows&, std::int64_t from, std::int64_t to)> ticks;
    std::function<units::Result<void>(const TierRows&)> rows;
  };
  /// `timeout` when `until` is past.
  [[nodiscard]] units::Result<void> read(const Query& query, const Sink& sink) const;

  /// Ticks only, whatever the tier.
  [[nodiscard]] units::Result<void> read_ticks(const Query& query, const Sink& sink) const;

  /// Tells `query.lacks` where the host had ticks that aren't kept any more, as rows of the other tiers show.
  [[nodiscard]] units::Result<void> look_for_removed(const Query& query) const;

  /// A slot's rows as they are built, stale or not; none if it isn't.
  [[nodiscard]] units::Result<TierRows> built(Tier tier, domain::HostNumber host, Slot slot,
                                              std::span<const Source> sources) const;

 private:
  [[nodiscard]] units::Result<void> read_any(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                             const Sink& sink) const;
  [[nodiscard]] units::Result<void> read_tier(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                              const Sink& sink) const;
  [[nodiscard]] units::Result<void> read_built(Tier tier, const Query& query, const std::set<Slot>& unsealed,
                                               const Sink& sink) const;
  [[nodiscard]] units::Result<void> read_slot(Tier tier, Slot slot, std::span<const StoredChunk> chunks,
                                              const Query& query, const std::set<Slot>& unsealed,
                                              const Sink& sink) const;
  [[nodiscard]] units::Result<std::set<Slot>> current(Tier tier, const Query& query,
                                                      const std::set<Slot>& unsealed) const;

  [[nodiscard]] units::Result<std::vector<StoredChunk>> stored(Tier tier, const Query& query, Slot from, Slot to) const;
  void report(Tier tier, const Query& query, Slot slot, const std::string& words) const;
  /// Whether coarser tiers tell something of the host's period.
  [[nodiscard]] bool is_built(Tier tier, domain::HostNumber host, Period period) const;
  /// Whether the tier's file of that time is there, and made when it was the present.
  [[nodiscard]] bool is_kept(Tier tier, std::int64_t ms) const;
  void add_unread(const Query& query, Tier tier, Slot from, Slot to) const;
  static void add_lack(const Query& query, Lacks::Why why, Tier tier, Slot slot);

  const TierFiles& files_;
  const Reader& ticks_;
  const domain::Clock& clock_;
  const Reader::Damaged damaged_;
};

}  // namespace vedette::history
