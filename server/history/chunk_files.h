// The chunk files of a directory: which there are, reading chunks out of them, writing new ones.
//
// ChunkFiles and its readers: any thread (a snapshot type; connections are lent to one caller at a time). ChunkWriter:
// the sealer's thread, or the opening thread before that one runs.
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
#include "server/sqlite/database.h"

namespace vedette::history {

/// A chunk as stored: `blob` is schema/chunk's, with each tick's boot number as column kBootColumn.
struct StoredChunk {
  Slot slot = 0;
  std::uint32_t group = 0;
  std::uint32_t part = 0;
  std::string blob;
};

class ChunkFiles {
 public:
  ChunkFiles(std::filesystem::path directory, std::string vfs);

  /// Finds the files and checks each for a newer schema or missing pages; the error says what to do.
  [[nodiscard]] units::Result<void> scan();

  [[nodiscard]] std::set<Day> days() const;

  /// The host's chunks of these slots, by slot, group, part. `groups` (ascending) limits what is read. One day only:
  /// no file, no chunks. The file's snapshot is given back before this returns.
  [[nodiscard]] units::Result<std::vector<StoredChunk>> read(domain::HostNumber host, Slot from, Slot to,
                                                             std::span<const std::uint32_t> groups) const;

  /// The host's newest slot below `before` that has a chunk, not looking further back than day `oldest`.
  [[nodiscard]] units::Result<std::optional<Slot>> newest_slot(domain::HostNumber host, Slot before, Day oldest) const;

 private:
  friend class ChunkWriter;
  [[nodiscard]] std::filesystem::path path(Day day) const { return directory_ / raw_file_name(day); }
  struct Lent {
    Day day = 0;
    std::uint64_t removals = 0;
    sqlite::Database database;
  };
  [[nodiscard]] units::Result<Lent> borrow(Day day) const;
  void give_back(Lent lent) const;
  void add(Day day);
  void remove(Day day);

  const std::filesystem::path directory_;
  const std::string vfs_;
  mutable std::mutex mutex_;
  std::set<Day> days_;
  std::uint64_t removals_ = 0;  ///< connections lent before a removal aren't kept: theirs may be the file that went
  mutable std::multimap<Day, sqlite::Database> idle_;  ///< open readers, at most kIdle
};

/// Ticks of one host and slot, encoded and ready: one blob a column group that has values; group 0 always.
struct EncodedChunk {
  domain::HostNumber host{};
  Slot slot = 0;
  std::vector<std::pair<std::uint32_t, std::string>> groups;
};

/// A slot with this many parts is merged into one when the next comes: reading costs a decoding each.
inline constexpr std::uint32_t kMergeAt = 8;

class ChunkWriter {
 public:
  explicit ChunkWriter(ChunkFiles& files) : files_(files) {}

  /// Adds the chunks of one day as new parts, in one FULL commit; a slot that has kMergeAt parts gets one again.
  /// `before_commit` is for tests.
  [[nodiscard]] units::Result<void> add(Day day, std::span<const EncodedChunk> chunks,
                                        const std::function<void()>& before_commit = {});
  [[nodiscard]] units::Result<void> forget(domain::HostNumber host);
  /// Renames a damaged file and its log to "raw-YYYYMMDD.db.damaged" (".damaged-2" …) and returns that path.
  [[nodiscard]] units::Result<std::filesystem::path> set_aside(Day day);

 private:
  [[nodiscard]] units::Result<sqlite::Database*> database(Day day);
  [[nodiscard]] units::Result<void> insert(sqlite::Database& database, const EncodedChunk& chunk, std::uint32_t part);
  [[nodiscard]] units::Result<bool> merge_parts(sqlite::Database& database, const EncodedChunk& added);
  [[nodiscard]] units::Result<std::uint32_t> next_part(sqlite::Database& database, const EncodedChunk& chunk);

  ChunkFiles& files_;
  std::map<Day, sqlite::Database> open_;  ///< at most a few: today's, yesterday's, those of a backfill
};

}  // namespace vedette::history
