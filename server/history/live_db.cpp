#include "server/history/live_db.h"

#include <cstring>

#include "schema/sql/migrations.h"
#include "server/sqlite/migrate.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

std::string attributes_blob(const std::vector<metrics::Attribute>& attributes) {
  std::string blob;
  for (const auto& [key, value] : attributes) blob.append(key).append(1, '\0').append(value).append(1, '\0');
  return blob;
}

Result<std::vector<metrics::Attribute>> parse_attributes(std::string_view blob, const std::string& path) {
  std::vector<metrics::Attribute> attributes;
  while (!blob.empty()) {
    const auto key = blob.find('\0');
    const auto value = key == blob.npos ? blob.npos : blob.find('\0', key + 1);
    if (value == blob.npos) return units::fail(ErrorCode::corrupt, path + ": attributes of a series are damaged");
    attributes.push_back({std::string(blob.substr(0, key)), std::string(blob.substr(key + 1, value - key - 1))});
    blob.remove_prefix(value + 1);
  }
  return attributes;
}

sqlite::Blob bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view text_of(sqlite::Blob blob) {
  return {reinterpret_cast<const char*>(blob.data()), blob.size()};
}

// Calls `row` for each row of a query.
template <class Row>
Result<void> each(sqlite::Database& database, std::string_view sql, Row&& row) {
  auto statement = database.prepare(sql);
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    if (Result<void> read = row(*statement); !read) return read;
  }
}

Result<void> check_health(sqlite::Database& database) {
  auto statement = database.prepare("PRAGMA quick_check(1)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  const std::string said(statement->text(0));
  if (said == "ok") return {};
  return units::fail(ErrorCode::corrupt, database.path() + ": damaged (" + said.substr(0, said.find('\n')) +
                                             "); restore it from a backup, or move it away to go on without it");
}

}  // namespace

Result<void> LiveDb::check_version(const std::filesystem::path& directory, const std::string& vfs) {
  std::error_code missing;
  if (!std::filesystem::exists(directory / "live.db", missing)) return {};
  auto database = sqlite::Database::open(directory / "live.db", {.create = false, .vfs = vfs});
  if (!database) return std::unexpected(std::move(database.error()));
  return sqlite::check_version(*database, sql::history_migrations());
}

Result<LiveDb> LiveDb::open(const std::filesystem::path& directory, const std::string& vfs, bool check) {
  auto database = sqlite::Database::open(directory / "live.db", {.vfs = vfs});
  if (!database) return std::unexpected(std::move(database.error()));
  if (check) {
    // Before any pragma that writes: a newer or damaged file stays as it is.
    if (auto healthy = check_health(*database); !healthy) return std::unexpected(std::move(healthy.error()));
    if (auto done = sqlite::migrate(*database, sql::history_migrations()); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  if (auto set = database->make_durable(); !set) return std::unexpected(std::move(set.error()));
  return LiveDb(std::move(*database));
}

Result<RegistryRows> LiveDb::load_registry() {
  RegistryRows rows;
  auto read =
      each(database_,
           "SELECT host, number, name, attributes, unit, kind, multiply, divide FROM series ORDER BY host, number",
           [&](sqlite::Statement& at) -> Result<void> {
             auto attributes = parse_attributes(text_of(at.blob(3)), database_.path());
             if (!attributes) return std::unexpected(std::move(attributes.error()));
             metrics::Series series{{std::string(at.text(2)), std::move(*attributes)},
                                    std::string(at.text(4)),
                                    at.integer(5) == 1 ? metrics::Kind::counter : metrics::Kind::gauge,
                                    {at.integer(6), at.integer(7)}};
             rows.series.push_back({static_cast<HostNumber>(at.integer(0)),
                                    {static_cast<domain::SeriesNumber>(at.integer(1)), std::move(series)}});
             return {};
           });
  if (!read) return std::unexpected(std::move(read.error()));
  read = each(database_, "SELECT host, number, id FROM boot ORDER BY host, number",
              [&](sqlite::Statement& at) -> Result<void> {
                BootRow row{static_cast<HostNumber>(at.integer(0)), static_cast<std::uint32_t>(at.integer(1)), {}};
                if (at.blob(2).size() != row.id.size()) {
                  return units::fail(ErrorCode::corrupt, database_.path() + ": a boot id isn't 16 bytes");
                }
                std::memcpy(row.id.data(), at.blob(2).data(), row.id.size());
                rows.boots.push_back(row);
                return {};
              });
  if (!read) return std::unexpected(std::move(read.error()));
  read = each(database_, "SELECT host, number FROM epoch", [&](sqlite::Statement& at) -> Result<void> {
    rows.epochs.push_back({static_cast<HostNumber>(at.integer(0)), static_cast<std::uint32_t>(at.integer(1))});
    return {};
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return rows;
}

Result<std::vector<MarkRow>> LiveDb::load_marks() {
  std::vector<MarkRow> rows;
  auto read = each(database_, "SELECT host, stream, last, seen FROM mark", [&](sqlite::Statement& at) -> Result<void> {
    rows.push_back({{static_cast<HostNumber>(at.integer(0)), static_cast<std::uint64_t>(at.integer(1)),
                     static_cast<std::uint64_t>(at.integer(2))},
                    units::from_unix_ms(at.integer(3))});
    return {};
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return rows;
}

Result<std::vector<LiveDb::Forgotten>> LiveDb::load_forgotten() {
  std::vector<Forgotten> rows;
  auto read = each(database_, "SELECT host, through FROM forgotten", [&](sqlite::Statement& at) -> Result<void> {
    rows.push_back({static_cast<HostNumber>(at.integer(0)), at.integer(1)});
    return {};
  });
  if (!read) return std::unexpected(std::move(read.error()));
  return rows;
}

Result<void> LiveDb::read_rows(const RowReader& row) {
  return each(database_, "SELECT id, v FROM ahead ORDER BY id",
              [&](sqlite::Statement& at) { return row(at.integer(0), at.blob(1)); });
}

Result<void> LiveDb::insert(const RegistryRows& rows) {
  auto series = database_.prepare("INSERT INTO series VALUES(?,?,?,?,?,?,?,?)");
  if (!series) return std::unexpected(std::move(series.error()));
  for (const auto& [host, stored] : rows.series) {
    const auto& one = stored.series;
    series->bind(1, std::int64_t{domain::index(host)})
        .bind(2, std::int64_t{domain::index(stored.number)})
        .bind(3, std::string_view(one.key.name))
        .bind(4, bytes_of(attributes_blob(one.key.attributes)))
        .bind(5, std::string_view(one.unit))
        .bind(6, static_cast<std::int64_t>(one.kind))
        .bind(7, one.quantum.multiply)
        .bind(8, one.quantum.divide);
    if (auto done = series->run(); !done) return done;
  }
  auto boot = database_.prepare("INSERT INTO boot VALUES(?,?,?)");
  if (!boot) return std::unexpected(std::move(boot.error()));
  for (const auto& row : rows.boots) {
    boot->bind(1, std::int64_t{domain::index(row.host)})
        .bind(2, std::int64_t{row.number})
        .bind(3, sqlite::Blob(row.id));
    if (auto done = boot->run(); !done) return done;
  }
  auto epoch = database_.prepare("INSERT OR REPLACE INTO epoch VALUES(?,?)");
  if (!epoch) return std::unexpected(std::move(epoch.error()));
  for (const auto& row : rows.epochs) {
    epoch->bind(1, std::int64_t{domain::index(row.host)}).bind(2, std::int64_t{row.number});
    if (auto done = epoch->run(); !done) return done;
  }
  auto old = database_.prepare("DELETE FROM boot WHERE host = ? AND number <= ?");
  if (!old) return std::unexpected(std::move(old.error()));
  for (const auto& row : rows.boots) {
    if (row.number <= Registry::kBoots) continue;
    old->bind(1, std::int64_t{domain::index(row.host)}).bind(2, std::int64_t{row.number - Registry::kBoots});
    if (auto done = old->run(); !done) return done;
  }
  return {};
}

Result<void> LiveDb::commit(std::int64_t id, std::string_view row, const RegistryRows& unsaved) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  if (!unsaved.empty()) {
    if (auto done = insert(unsaved); !done) return done;
  }
  if (!row.empty()) {
    if (!insert_row_) {
      auto prepared = database_.prepare("INSERT INTO ahead VALUES(?,?)");
      if (!prepared) return std::unexpected(std::move(prepared.error()));
      insert_row_ = std::move(*prepared);
    }
    insert_row_->bind(1, id).bind_borrowed(2, bytes_of(row));
    if (auto done = insert_row_->run(); !done) return done;
  }
  return transaction->commit();
}

Result<void> LiveDb::drop_rows(std::int64_t below, std::span<const MarkRow> marks, std::span<const StreamKey> dropped,
                               units::Instant expire) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto drop = database_.prepare("DELETE FROM mark WHERE host = ? AND stream = ?");
  if (!drop) return std::unexpected(std::move(drop.error()));
  for (const auto& [host, stream] : dropped) {
    drop->bind(1, std::int64_t{domain::index(host)}).bind(2, static_cast<std::int64_t>(stream));
    if (auto done = drop->run(); !done) return done;
  }
  // After that: a dropped stream may be back.
  auto upsert = database_.prepare(
      "INSERT INTO mark VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last), seen = "
      "excluded.seen");
  if (!upsert) return std::unexpected(std::move(upsert.error()));
  for (const auto& [mark, seen] : marks) {
    upsert->bind(1, std::int64_t{domain::index(mark.host)})
        .bind(2, static_cast<std::int64_t>(mark.stream))
        .bind(3, static_cast<std::int64_t>(mark.last))
        .bind(4, units::unix_ms(seen));
    if (auto done = upsert->run(); !done) return done;
  }
  auto old = database_.prepare("DELETE FROM mark WHERE seen < ?");
  if (!old) return std::unexpected(std::move(old.error()));
  if (auto done = old->bind(1, units::unix_ms(expire)).run(); !done) return done;
  auto rows = database_.prepare("DELETE FROM ahead WHERE id < ?");
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (auto done = rows->bind(1, below).run(); !done) return done;
  return transaction->commit();
}

Result<void> LiveDb::forget(HostNumber host, std::int64_t through) {
  auto transaction = sqlite::Transaction::begin(database_);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  for (const char* sql :
       {"DELETE FROM series WHERE host = ?", "DELETE FROM boot WHERE host = ?", "DELETE FROM mark WHERE host = ?",
        "DELETE FROM epoch WHERE host = ?", "INSERT OR REPLACE INTO forgotten VALUES(?,?)"}) {
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    statement->bind(1, std::int64_t{domain::index(host)});
    if (std::string_view(sql).starts_with("INSERT")) statement->bind(2, through);
    if (auto done = statement->run(); !done) return done;
  }
  return transaction->commit();
}

}  // namespace vedette::history
