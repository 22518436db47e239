// Writes chunk files of one tier. The sealer's thread, or the opening thread before that one runs.
//
// With each change to chunks a mark of the next tier's slots that they belong to is committed (ChunkFiles::is_stale);
// built() takes it away.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "server/history/chunk_files.h"

namespace vedette::history {

/// A slot with this many parts is merged into one when the next comes: reading costs a decoding each.
inline constexpr std::uint32_t kMergeAt = 8;

class ChunkWriter {
 public:
  /// `next`: the files of the next tier, none for the last. `damaged` is told of what can't be marked.
  using Damaged = std::function<void(const std::string&)>;
  ChunkWriter(ChunkFiles& files, const ChunkFiles* next, Damaged damaged)
      : files_(files), next_(next), damaged_(std::move(damaged)) {}

  /// Adds the chunks of one period as new parts, in one FULL commit; a slot that has kMergeAt parts gets one again. The
  /// next slot after a late chunk becomes stale too: its rates begin with another sample now. `before_commit` is for
  /// tests.
  [[nodiscard]] units::Result<void> add(Period period, std::span<const EncodedChunk> chunks,
                                        const std::function<void()>& before_commit = {});
  /// Puts these in the place of whatever their slots hold, in one FULL commit. One period.
  [[nodiscard]] units::Result<void> replace(Period period, std::span<const EncodedChunk> chunks);
  /// These slots of the next tier are built and durable.
  [[nodiscard]] units::Result<void> built(std::span<const StaleSlot> slots);
  /// Everything that the file's chunks belong to in the next tier: what was built from them is gone.
  [[nodiscard]] units::Result<void> mark_all(Period period);
  /// Deletes the host from all files and gives its room back to the disk; goes on after an error and returns the first.
  [[nodiscard]] units::Result<void> forget(domain::HostNumber host);
  /// They are opened again when they are written to.
  void close_files() { open_.clear(); }
  /// Removes the file; queries that are reading it go on to their end. A file that can't be removed stays known.
  [[nodiscard]] units::Result<void> unlink(Period period);
  /// Renames a damaged file and its log to "raw-YYYYMMDD.db.damaged" (".damaged-2" …) and returns that path.
  [[nodiscard]] units::Result<std::filesystem::path> set_aside(Period period);

 private:
  [[nodiscard]] units::Result<sqlite::Database*> database(Period period);
  [[nodiscard]] units::Result<bool> note_partial(sqlite::Database& database, Period period);
  [[nodiscard]] units::Result<void> insert(sqlite::Database& database, const EncodedChunk& chunk, std::uint32_t part);
  [[nodiscard]] units::Result<bool> merge_parts(sqlite::Database& database, const EncodedChunk& added);
  [[nodiscard]] units::Result<std::uint32_t> next_part(sqlite::Database& database, const EncodedChunk& chunk);
  [[nodiscard]] units::Result<void> remove(sqlite::Database& database, const EncodedChunk& chunk);
  [[nodiscard]] units::Result<void> mark(sqlite::Database& database, std::span<const StaleSlot> slots);
  [[nodiscard]] units::Result<void> mark_followers(std::span<const EncodedChunk> chunks);
  [[nodiscard]] units::Result<void> mark_follower(const StaleSlot& follower);
  [[nodiscard]] units::Result<void> forget_in(Period period, domain::HostNumber host);
  [[nodiscard]] units::Result<void> finish(sqlite::Database& database, sqlite::Transaction transaction);
  [[nodiscard]] std::vector<StaleSlot> next_tier_of(std::span<const EncodedChunk> chunks) const;

  ChunkFiles& files_;
  const ChunkFiles* next_;
  const Damaged damaged_;
  std::map<Period, sqlite::Database> open_;  ///< at most a few: today's, yesterday's, those of a backfill
};

}  // namespace vedette::history
