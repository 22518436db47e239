// A tier's chunk files in a directory: which there are, and reading chunks out of them. Any thread (a snapshot type;
// connections are lent to one caller at a time).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "server/history/key.h"
#include "server/history/retention.h"
#include "server/sqlite/database.h"

namespace vedette::history {

/// A chunk as stored: `blob` is schema/chunk's. Raw: with each tick's boot number as column kBootColumn.
struct StoredChunk {
  Slot slot = 0;
  std::uint32_t group = 0;
  std::uint32_t part = 0;
  std::string blob;
};

/// What one host has in one slot, encoded and ready: one blob a column group that has values; group 0 always.
struct EncodedChunk {
  domain::HostNumber host{};
  Slot slot = 0;
  std::vector<std::pair<std::uint32_t, std::string>> groups;
};

/// The chunk files of all tiers in a directory, finer ones first, older ones before younger ones.
[[nodiscard]] units::Result<std::vector<FileName>> chunk_files_in(const std::filesystem::path& directory);

// For those who hold a connection to a chunk file of the tier.
/// The chunks of these slots of one file, by slot, group, part; all groups if none is named.
[[nodiscard]] units::Result<std::vector<StoredChunk>> read_chunks(sqlite::Database& database, Tier tier,
                                                                  domain::HostNumber host, Slot from, Slot to,
                                                                  std::span<const std::uint32_t> groups);
/// The first and the last key of the slots, as parameters 1 and 2.
sqlite::Statement& bind_slots(sqlite::Statement& statement, Tier tier, domain::HostNumber host, Slot from, Slot to);

/// A slot of the next tier that isn't built, or was built from less than there is now.
struct StaleSlot {
  Slot slot = 0;
  domain::HostNumber host{};
  auto operator<=>(const StaleSlot&) const = default;
};

class ChunkFiles {
 public:
  ChunkFiles(std::filesystem::path directory, std::string vfs, Tier tier);

  /// Looks at each file for a newer schema or missing pages, changing nothing; the error says what to do.
  [[nodiscard]] units::Result<void> check() const;
  /// Takes the files up, bringing each to the present schema. After check().
  [[nodiscard]] units::Result<void> scan();

  [[nodiscard]] Tier tier() const noexcept { return tier_; }
  [[nodiscard]] std::set<Period> periods() const;

  /// The host's chunks of these slots, by slot, group, part. `groups` (ascending) limits what is read. One period only:
  /// no file, no chunks. The file's snapshot is given back before this returns.
  [[nodiscard]] units::Result<std::vector<StoredChunk>> read(domain::HostNumber host, Slot from, Slot to,
                                                             std::span<const std::uint32_t> groups) const;

  /// The host's newest slot below `before` that has a chunk, not looking further back than period `oldest`.
  [[nodiscard]] units::Result<std::optional<Slot>> newest_slot(domain::HostNumber host, Slot before,
                                                               Period oldest) const;
  /// The host's first slot above `after` that has a chunk.
  [[nodiscard]] units::Result<std::optional<Slot>> next_slot(domain::HostNumber host, Slot after) const;
  /// Those of the host's slots in [from, to] that have chunks. One period only.
  [[nodiscard]] units::Result<std::set<Slot>> slots(domain::HostNumber host, Slot from, Slot to) const;

  /// Whether any host has a chunk in these slots. One period only.
  [[nodiscard]] units::Result<bool> any(Slot from, Slot to) const;

  /// Those that were made when something of their period was built already: what it was built from is gone, and it may
  /// tell more.
  [[nodiscard]] bool is_partial(Period period) const;
  /// The file is there, and made when its period was the present.
  [[nodiscard]] bool is_whole(Period period) const;
  /// How many files were removed since the start.
  [[nodiscard]] std::uint64_t removals() const;

  /// Every file and what it takes on the disk; `begins` looks for where the oldest and the newest two begin.
  [[nodiscard]] std::vector<TierFile> on_disk(bool begins) const;

  /// Slots of the next tier that aren't built, or were built from less than there is now; of them all in [from, to].
  [[nodiscard]] bool is_stale(domain::HostNumber host, Slot next_tier) const;
  [[nodiscard]] bool any_stale(domain::HostNumber host, Slot from, Slot to) const;
  /// Up to `limit` stale slots of the next tier below `end`, oldest first, of those `wanted` (which must not call
  /// back).
  [[nodiscard]] std::vector<StaleSlot> stale_before(Slot end, std::size_t limit,
                                                    const std::function<bool(const StaleSlot&)>& wanted) const;

 private:
  friend class ChunkWriter;
  [[nodiscard]] std::filesystem::path path(Period period) const { return directory_ / file_name(tier_, period); }
  struct Lent {
    Period period = 0;
    std::uint64_t removals = 0;
    sqlite::Database database;
  };
  [[nodiscard]] units::Result<std::optional<Slot>> one_slot(std::string_view sql, domain::HostNumber host, Slot from,
                                                            Slot to) const;
  [[nodiscard]] std::optional<units::Instant> begin_of(Period period) const;
  [[nodiscard]] units::Result<std::vector<Period>> listed() const;
  [[nodiscard]] units::Result<Lent> borrow(Period period) const;
  void give_back(Lent lent) const;
  void add(Period period, bool partial = false);
  void remove(Period period);
  [[nodiscard]] units::Result<void> load_stale(sqlite::Database& database, Period period);
  void set_stale(std::span<const StaleSlot> slots);
  void clear_stale(std::span<const StaleSlot> slots);
  void forget_stale(domain::HostNumber host);
  /// The period whose file keeps a mark of the next tier's slot, and the slot as it is written there.
  [[nodiscard]] Period period_of_stale(Slot next_tier) const;
  [[nodiscard]] Slot first_stale(Period period) const;

  const std::filesystem::path directory_;
  const std::string vfs_;
  const Tier tier_;
  mutable std::mutex mutex_;
  std::set<Period> periods_;
  std::set<Period> partial_;
  std::set<StaleSlot> stale_;   ///< what the files' tables say
  std::uint64_t removals_ = 0;  ///< connections lent before a removal aren't kept: theirs may be the file that went
  mutable std::multimap<Period, sqlite::Database> idle_;  ///< open readers, at most kIdle
};

}  // namespace vedette::history
