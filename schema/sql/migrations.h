// The databases' schemas as forward-only scripts, embedded at build time from schema/sql/<database>/NNNN_words.sql.
// A script that has been released is never edited: what changes comes as the next number. server/sqlite/migrate.h runs
// them.
#pragma once

#include <span>
#include <string_view>

namespace vedette::sql {

/// One step. `script` may hold many statements; it runs inside a transaction, so it must not begin or commit one.
struct Migration {
  int number = 0;         ///< 1, 2, 3 … without holes; the database's user_version after it
  std::string_view file;  ///< "0001_live.sql", for error messages
  std::string_view script;
};

[[nodiscard]] std::span<const Migration> control_migrations() noexcept;    ///< control.db
[[nodiscard]] std::span<const Migration> history_migrations() noexcept;    ///< live.db
[[nodiscard]] std::span<const Migration> chunks_migrations() noexcept;     ///< raw-YYYYMMDD.db and the tiers' files
[[nodiscard]] std::span<const Migration> processes_migrations() noexcept;  ///< top-YYYYMMDD.db

}  // namespace vedette::sql
