#include "server/history/backup.h"

#include <string>

#include "server/sqlite/database.h"

namespace vedette::history {

using units::ErrorCode;
using units::Result;

namespace {

Result<void> need_same_schema(sqlite::Database& copy) {
  const auto before = copy.scalar("PRAGMA main.user_version");
  if (!before) return std::unexpected(before.error());
  const auto now = copy.scalar("PRAGMA present.user_version");
  if (!now) return std::unexpected(now.error());
  if (*before == *now) return {};
  return units::fail(ErrorCode::unavailable, "the collector was upgraded while it was backed up; run backup again");
}

Result<void> replace(sqlite::Database& copy, const std::string& table) {
  // A table of a later schema than this file's.
  const auto there = copy.scalar("SELECT count(*) FROM main.sqlite_schema WHERE name = '" + table + "'");
  if (!there) return std::unexpected(there.error());
  if (there->value_or(0) == 0) return {};
  return copy.execute("DELETE FROM main." + table + "; INSERT INTO main." + table + " SELECT * FROM present." + table);
}

}  // namespace

Result<void> take_registry(const std::filesystem::path& copy, const std::filesystem::path& live) {
  auto database = sqlite::Database::open(copy, {.create = false});
  if (!database) return std::unexpected(std::move(database.error()));
  // Without an index in shared memory: the copy may lie where there is none. Of `main` alone, or the collector would be
  // locked out of its own.
  if (auto set = database->execute("PRAGMA main.locking_mode = EXCLUSIVE"); !set) return set;
  auto attach = database->prepare("ATTACH ? AS present");
  if (!attach) return std::unexpected(std::move(attach.error()));
  if (auto done = attach->bind(1, std::string_view(sqlite::uri_of(live, "mode=ro"))).run(); !done) return done;
  if (auto same = need_same_schema(*database); !same) return same;
  auto transaction = sqlite::Transaction::begin(*database);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  for (const char* table : {"series", "boot", "epoch", "forgotten"}) {
    if (auto done = replace(*database, table); !done) return done;
  }
  return transaction->commit();
}

}  // namespace vedette::history
