#include "server/sqlite/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>

#include "schema/units/ascii.h"
#include "server/domain/file_fault.h"

namespace vedette::sqlite {

using units::ErrorCode;
using units::Result;

namespace {

// SQLite would make it with the umask's mode; -wal and -shm copy the mode of the database. One that exists is never
// opened here: closing any descriptor of a file gives up all locks that this process holds on it (fcntl(2)), and with
// the collector's locks gone another process takes itself for the last user and deletes the log under our commits.
Result<void> create_private(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 && errno == EEXIST) return {};
  if (fd < 0) return units::fail(ErrorCode::io, path + ": " + domain::file_fault("cannot be made", errno));
  ::close(fd);
  return {};
}

// Debian compiles SQLite with secure_delete on: deleting a day of rows then costs fifty times as much.
constexpr const char* kDurable =
    "PRAGMA page_size=4096; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=OFF;"
    "PRAGMA wal_autocheckpoint=0; PRAGMA journal_size_limit=67108864";
constexpr std::int64_t kFull = 2;

std::unexpected<units::Error> failed(sqlite3* connection, int code, const std::string& path) {
  return std::unexpected(error_of(code, sqlite3_errmsg(connection), path));
}

bool plain_in_uri(char c) {
  return units::is_letter_or_digit(c) || std::string_view("/._-~").find(c) != std::string_view::npos;
}

// What SQLite is to open. Names may be URIs, so that ATTACH understands them; a path is never taken for one.
std::string name_for_sqlite(const std::string& path, bool immutable) {
  if (immutable) return uri_of(path, "immutable=1");
  return path.starts_with("file:") ? "./" + path : path;
}

}  // namespace

std::string uri_of(const std::filesystem::path& path, std::string_view query) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string uri = "file:";
  std::string plain = path.string();
  if (plain.starts_with("//")) plain.erase(0, plain.find_first_not_of('/') - 1);  // or it would name another machine
  for (const char c : plain) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain_in_uri(c)) {
      uri += c;
    } else {
      uri.append(1, '%').append(1, kDigits[byte >> 4]).append(1, kDigits[byte & 15]);
    }
  }
  return uri.append(1, '?').append(query);
}

units::Error error_of(int code, std::string_view words, std::string_view path) {
  const std::string said = std::string(path) + ": " + std::string(words);
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {ErrorCode::io, said + "; free some space on this disk"};
    case SQLITE_IOERR:
      if (code == SQLITE_IOERR_READ || code == SQLITE_IOERR_SHORT_READ) {
        return {ErrorCode::io, said +
                                   "; is the disk failing? The system's log may say more. Move the file away or "
                                   "restore it from a backup"};
      }
      [[fallthrough]];
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_ROLLBACK) {
        return {ErrorCode::io, std::string(path) +
                                   ": a crash left it in the middle of a write, which the next start of "
                                   "the collector undoes: it can't be read before"};
      }
      [[fallthrough]];
    case SQLITE_PERM:
      return {ErrorCode::io, said + "; is the disk full, and may this user write there? The system's log may say more"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {ErrorCode::corrupt, said + "; move the file away or restore it from a backup"};
    case SQLITE_CONSTRAINT:
      return {ErrorCode::conflict, said};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::unavailable, said};
    default:
      return {ErrorCode::internal, said};
  }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

void Statement::bound(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
}

Statement& Statement::bind(int position, std::int64_t value) {
  bound(sqlite3_bind_int64(statement_.get(), position, value));
  return *this;
}

Statement& Statement::bind(int position, std::string_view text) {
  bound(sqlite3_bind_text64(statement_.get(), position, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                            SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind(int position, Blob blob) {
  bound(blob.empty() ? sqlite3_bind_zeroblob(statement_.get(), position, 0)
                     : sqlite3_bind_blob64(statement_.get(), position, blob.data(), blob.size(), SQLITE_TRANSIENT));
  return *this;
}

Statement& Statement::bind_borrowed(int position, Blob blob) {
  bound(blob.empty() ? sqlite3_bind_zeroblob(statement_.get(), position, 0)
                     : sqlite3_bind_blob64(statement_.get(), position, blob.data(), blob.size(), SQLITE_STATIC));
  return *this;
}

Result<bool> Statement::step() {
  if (bind_error_ != SQLITE_OK) {
    const int code = std::exchange(bind_error_, SQLITE_OK);
    return std::unexpected(error_of(code, sqlite3_errstr(code), *path_));
  }
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = failed(sqlite3_db_handle(statement_.get()), code, *path_);
  reset();
  return error;
}

Result<void> Statement::run() {
  for (;;) {
    auto row = step();
    if (!row) return std::unexpected(std::move(row.error()));
    if (!*row) return {};
  }
}

void Statement::reset() noexcept {
  sqlite3_reset(statement_.get());
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_.get(), column);
  if (!bytes) return {};
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Blob Statement::blob(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  return {static_cast<const std::uint8_t*>(bytes),
          bytes ? static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)) : 0};
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

void Database::Close::operator()(sqlite3* connection) const noexcept {
  sqlite3_close_v2(connection);
}

Result<Database> Database::open(const std::filesystem::path& path, const OpenOptions& options) {
  auto name = std::make_shared<const std::string>(path.string());
  const bool read_only = options.read_only || options.immutable;
  if (options.create && !read_only) {
    if (auto made = create_private(*name); !made) return std::unexpected(std::move(made.error()));
  }
  const int flags = (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(name_for_sqlite(*name, options.immutable).c_str(), &connection, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  Database database(connection, std::move(name));
  if (code != SQLITE_OK) return failed(connection, sqlite3_extended_errcode(connection), database.path());
  sqlite3_extended_result_codes(connection, 1);
  sqlite3_busy_timeout(connection, static_cast<int>(options.busy.count()));
  return database;
}

Result<void> Database::make_durable() {
  if (auto set = execute(kDurable); !set) return set;
  auto synchronous = scalar("PRAGMA synchronous");
  if (!synchronous) return std::unexpected(std::move(synchronous.error()));
  auto mode = prepare("PRAGMA journal_mode");
  if (!mode) return std::unexpected(std::move(mode.error()));
  auto row = mode->step();
  if (!row) return std::unexpected(std::move(row.error()));
  // SQLite answers what it has, not whether it could do what was asked.
  if (*synchronous == kFull && mode->text(0) == "wal") return {};
  return units::fail(ErrorCode::io, path() + ": the file system here can't keep a write-ahead log; move the data " +
                                        "directory to a local disk");
}

Result<void> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failed(handle(), code, path());
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return failed(handle(), code, path());
  return Statement(statement, path_);
}

Result<std::optional<std::int64_t>> Database::scalar(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(std::move(statement.error()));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  if (!*row) return std::nullopt;
  return statement->integer(0);
}

Result<Database::Checkpoint> Database::checkpoint_passive() {
  Checkpoint done;
  const int code =
      sqlite3_wal_checkpoint_v2(handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &done.log_pages, &done.copied_pages);
  // BUSY means another connection is checkpointing or a reader is in the way: the counts say how far it came.
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY) return failed(handle(), code, path());
  return done;
}

Result<Transaction> Transaction::begin(Database& database) {
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun) return std::unexpected(std::move(begun.error()));
  return Transaction(database);
}

Transaction::~Transaction() {
  // Some errors (disk full, I/O) roll back by themselves; then there is nothing left to roll back.
  if (database_ == nullptr || sqlite3_get_autocommit(database_->handle()) != 0) return;
  [[maybe_unused]] const auto undone = database_->execute("ROLLBACK");
}

Result<void> Transaction::commit() {
  auto done = database_->execute("COMMIT");
  if (done) database_ = nullptr;
  return done;
}

Result<void> remove_database(const std::filesystem::path& path, const std::string& vfs) {
  sqlite3_vfs* files = sqlite3_vfs_find(vfs.empty() ? nullptr : vfs.c_str());
  if (files == nullptr) return units::fail(ErrorCode::internal, "SQLite has no VFS " + vfs);
  for (const std::string suffix : {"-shm", "-wal", ""}) {
    const std::string name = path.string() + suffix;
    const int code = files->xDelete(files, name.c_str(), suffix.empty() ? 1 : 0);
    // Not synced: gone all the same, as long as the power stays.
    if (code == SQLITE_OK || code == SQLITE_IOERR_DELETE_NOENT || code == SQLITE_IOERR_DIR_FSYNC) continue;
    return units::fail(ErrorCode::io, name + ": " + domain::file_fault("cannot be removed", errno));
  }
  return {};
}

}  // namespace vedette::sqlite
