// live.db as statements: write-ahead rows, series, boots, epochs, stream marks. One connection, one owner thread; the
// writer and the sealer have one each.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "server/history/intake.h"
#include "server/history/registry.h"
#include "server/sqlite/database.h"

namespace vedette::history {

class LiveDb {
 public:
  /// Opens DIR/live.db with WAL, FULL and no automatic checkpoint. `check`: makes or migrates it and reads it through
  /// for damage first (at start, once). Errors name the file and what to do.
  [[nodiscard]] static units::Result<LiveDb> open(const std::filesystem::path& directory, const std::string& vfs,
                                                  bool check);

  /// To read through a connection that the caller opened and checked, read-only or not; the file's schema is today's.
  [[nodiscard]] static LiveDb over(sqlite::Database database) { return LiveDb(std::move(database)); }

  /// `version` if a newer binary wrote it; changes nothing.
  [[nodiscard]] static units::Result<void> check_version(const std::filesystem::path& directory,
                                                         const std::string& vfs);

  [[nodiscard]] units::Result<RegistryRows> load_registry();
  [[nodiscard]] units::Result<std::vector<MarkRow>> load_marks();
  struct Forgotten {
    domain::HostNumber host{};
    std::int64_t through = 0;
  };
  [[nodiscard]] units::Result<std::vector<Forgotten>> load_forgotten();
  /// Every write-ahead row, oldest first; stops at the first error that `row` returns.
  using RowReader = std::function<units::Result<void>(std::int64_t id, sqlite::Blob bytes)>;
  [[nodiscard]] units::Result<void> read_rows(const RowReader& row);

  /// One transaction: new series, boots and epochs, then the row. An empty `row` is left out.
  [[nodiscard]] units::Result<void> commit(std::int64_t id, std::string_view row, const RegistryRows& unsaved);

  /// One transaction: marks as of now, streams in `dropped` and those unseen since `expire` dropped, rows below `below`
  /// deleted.
  [[nodiscard]] units::Result<void> drop_rows(std::int64_t below, std::span<const MarkRow> marks,
                                              std::span<const StreamKey> dropped, units::Instant expire);

  /// One transaction: all of the host but its ticks in rows, which are skipped at replay up to row `through`.
  [[nodiscard]] units::Result<void> forget(domain::HostNumber host, std::int64_t through);

  [[nodiscard]] units::Result<sqlite::Database::Checkpoint> checkpoint() { return database_.checkpoint_passive(); }

 private:
  explicit LiveDb(sqlite::Database database) : database_(std::move(database)) {}
  [[nodiscard]] units::Result<void> insert(const RegistryRows& rows);

  sqlite::Database database_;
  std::optional<sqlite::Statement> insert_row_;  ///< kept: it runs once a second, and parsing costs as much as running
};

}  // namespace vedette::history
