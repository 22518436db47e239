#include "server/control/store.h"

#include "schema/sql/migrations.h"
#include "server/control/pool.h"
#include "server/sqlite/database.h"
#include "server/sqlite/migrate.h"

namespace vedette::control {
namespace {

/// A file that was cut short or overwritten is told apart here, before anything is written to it.
units::Result<void> check(sqlite::Database& database) {
  auto statement = database.prepare("PRAGMA quick_check(1)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  const std::string words(statement->text(0));
  if (words == "ok") return {};
  return units::fail(units::ErrorCode::corrupt, database.path() + " is damaged (" + words +
                                                    "); move it away or restore it from a backup. Nothing was changed");
}

}  // namespace

Store::Store(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}

Store::~Store() = default;

units::Result<std::unique_ptr<Store>> Store::open(const std::filesystem::path& file) {
  auto database = sqlite::Database::open(file);
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto sound = check(*database); !sound) return std::unexpected(std::move(sound.error()));
  // Before the pragma, which writes: a newer file stays as it is.
  if (auto done = sqlite::migrate(*database, sql::control_migrations()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (auto wal = database->execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL"); !wal) {
    return std::unexpected(std::move(wal.error()));
  }
  return std::unique_ptr<Store>(new Store(std::make_unique<Pool>(file)));
}

}  // namespace vedette::control
