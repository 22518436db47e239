#include "server/sqlite/migrate.h"

namespace vedette::sqlite {

using units::ErrorCode;
using units::Result;

namespace {

Result<std::int64_t> version_of(Database& database) {
  auto version = database.scalar("PRAGMA user_version");
  if (!version) return std::unexpected(std::move(version.error()));
  return version->value_or(0);
}

Result<void> check_ours(Database& database, std::int64_t version, std::int64_t newest) {
  if (version > newest) {
    return units::fail(ErrorCode::version,
                       database.path() + ": " + newer_words(version, newest) +
                           ". Install the newer version again, or restore a backup. Nothing was changed");
  }
  if (version > 0) return {};
  auto tables = database.scalar("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(std::move(tables.error()));
  if (tables->value_or(0) == 0) return {};
  return units::fail(
      ErrorCode::corrupt,
      database.path() + ": holds tables but no schema version, so it isn't ours; move it away. Nothing was changed");
}

Result<void> apply(Database& database, const sql::Migration& migration) {
  auto transaction = Transaction::begin(database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  // Another process may have been faster; under the write lock the answer is final.
  auto version = version_of(database);
  if (!version) return std::unexpected(std::move(version.error()));
  if (*version >= migration.number) return {};
  if (auto ran = database.execute(std::string(migration.script)); !ran) return ran;
  if (auto set = database.execute("PRAGMA user_version = " + std::to_string(migration.number)); !set) return set;
  return transaction->commit();
}

}  // namespace

std::string newer_words(std::int64_t version, std::int64_t newest) {
  return "schema " + std::to_string(version) + " was written by a newer version; this one knows up to " +
         std::to_string(newest);
}

Result<void> check_version(Database& database, std::span<const sql::Migration> migrations) {
  auto version = version_of(database);
  if (!version) return std::unexpected(std::move(version.error()));
  return check_ours(database, *version, migrations.empty() ? 0 : migrations.back().number);
}

Result<void> migrate(Database& database, std::span<const sql::Migration> migrations) {
  if (auto ours = check_version(database, migrations); !ours) return ours;
  auto version = version_of(database);
  if (!version) return std::unexpected(std::move(version.error()));
  for (const auto& migration : migrations) {
    if (migration.number <= *version) continue;
    if (auto applied = apply(database, migration); !applied) {
      applied.error().message += " (in " + std::string(migration.file) + "; nothing of it was kept)";
      return applied;
    }
  }
  return {};
}

}  // namespace vedette::sqlite
