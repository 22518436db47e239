#include "server/processes/check.h"

#include "schema/sql/migrations.h"
#include "server/sqlite/copy.h"

namespace vedette::processes {

using units::ErrorCode;
using units::Result;

namespace {

Result<void> read_lists(sqlite::Database& database, Day day, Checked& out) {
  // A collector that is just making the file has created no table yet.
  const auto tables = database.scalar("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (tables->value_or(0) == 0) return {};
  auto statement = database.prepare("SELECT k, v FROM top ORDER BY k");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    ++out.lists;
    const std::int64_t key = statement->integer(0);
    const units::Instant at = time_of(day, key);
    auto list = decode_row(at, statement->blob(1));
    if (list && day_of(at) != day) list = units::fail(ErrorCode::corrupt, "holds what isn't of its day");
    if (!list) out.damage.push_back({host_of(key), at, std::move(list.error().message)});
  }
}

Result<void> look(const std::filesystem::path& file, Day day, bool immutable, Checked& out) {
  auto database = sqlite::Database::open(file, {.read_only = true, .immutable = immutable});
  if (!database) return std::unexpected(std::move(database.error()));
  if (auto begun = database->execute("BEGIN"); !begun) return begun;
  auto newer = sqlite::newer_schema(*database, sql::processes_migrations().back().number);
  if (!newer) return std::unexpected(std::move(newer.error()));
  if (!newer->empty()) {
    out.damage.push_back({.host = {}, .at = {}, .words = *newer});
    return {};
  }
  auto faults = sqlite::faults_of(*database, sqlite::Depth::quick);
  if (!faults) return std::unexpected(std::move(faults.error()));
  for (auto& fault : *faults) out.damage.push_back({.host = {}, .at = {}, .words = std::move(fault)});
  return read_lists(*database, day, out);
}

}  // namespace

Result<Checked> check_lists(const std::filesystem::path& file, Day day, bool immutable) {
  Checked out;
  auto done = look(file, day, immutable, out);
  if (!done && done.error().code != ErrorCode::corrupt) return std::unexpected(std::move(done.error()));
  if (!done) out.damage.push_back({.host = {}, .at = {}, .words = std::move(done.error().message)});
  return out;
}

}  // namespace vedette::processes
