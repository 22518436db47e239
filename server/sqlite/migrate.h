// Brings a database to the schema this binary speaks: forward only, script by script, each in one transaction together
// with the new user_version. A database of a newer binary, or one that isn't ours, is refused before anything is
// written.
#pragma once

#include <span>

#include "schema/sql/migrations.h"
#include "schema/units/result.h"
#include "server/sqlite/database.h"

namespace vedette::sqlite {

/// "schema 9 was written by a newer version; this one knows up to 3".
[[nodiscard]] std::string newer_words(std::int64_t version, std::int64_t newest);

/// The same refusals without changing anything: `version`, `corrupt`.
[[nodiscard]] units::Result<void> check_version(Database& database, std::span<const sql::Migration> migrations);

/// Runs the scripts above the database's user_version. Errors: `version` (the file is newer; says by which binary it
/// can be opened), `corrupt` (damaged, or tables without a user_version), `io` (disk); each names the file and the
/// script.
[[nodiscard]] units::Result<void> migrate(Database& database, std::span<const sql::Migration> migrations);

}  // namespace vedette::sqlite
