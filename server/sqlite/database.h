// RAII over sqlite3: a connection, its prepared statements and transactions begun by hand. Errors are values that carry
// SQLite's words and the file's path; nothing here throws.
//
// A Database and all that was made from it belong to one thread at a time (connections are opened with NOMUTEX).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "schema/units/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace vedette::sqlite {

using Blob = std::span<const std::uint8_t>;

struct OpenOptions {
  bool read_only = false;                ///< also: never creates the file
  bool create = true;                    ///< make the file if it isn't there (mode 0600)
  std::chrono::milliseconds busy{5000};  ///< how long a call waits for another connection's lock
  std::string vfs{};                     ///< a registered VFS by name; empty: the default
  /// For a file that nobody writes meanwhile, like a finished copy: read without locks, log and index, whatever its
  /// file system. Implies read_only.
  bool immutable = false;
};

/// The file as SQLite's URI: uri_of("/a b.db", "mode=ro") is "file:/a%20b.db?mode=ro". For ATTACH.
[[nodiscard]] std::string uri_of(const std::filesystem::path& path, std::string_view query);

class Database;

/// One prepared statement. Must not outlive its Database. After an error or done() it is reset by the next run().
class Statement {
 public:
  Statement(Statement&&) noexcept = default;
  Statement& operator=(Statement&&) noexcept = default;
  ~Statement() = default;

  /// Positions count from 1. Text and blobs are copied, except with bind_borrowed, whose bytes must stay until reset().
  Statement& bind(int position, std::int64_t value);
  Statement& bind(int position, std::string_view text);
  Statement& bind(int position, Blob blob);
  Statement& bind_borrowed(int position, Blob blob);

  /// Advances: true when a row is there to read, false at the end (and the statement is reset).
  [[nodiscard]] units::Result<bool> step();
  /// Runs a statement without rows to its end, and resets it.
  [[nodiscard]] units::Result<void> run();
  /// Ends reading early, so that the connection holds no snapshot. Bindings stay.
  void reset() noexcept;

  /// Columns of the current row count from 0. What they return lives until the next step or reset.
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] Blob blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  Statement(sqlite3_stmt* statement, std::shared_ptr<const std::string> path)
      : statement_(statement), path_(std::move(path)) {}
  void bound(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  std::shared_ptr<const std::string> path_;
  int bind_error_ = 0;  ///< the first failed bind; reported by step()
};

class Database {
 public:
  /// Errors: `io` (missing, no permission, disk), `corrupt` (not a database).
  [[nodiscard]] static units::Result<Database> open(const std::filesystem::path& path, const OpenOptions& options = {});

  Database(Database&&) noexcept = default;
  Database& operator=(Database&&) noexcept = default;
  ~Database() = default;

  /// Write-ahead log, synchronous=FULL: a commit that returned survives a power cut. Checkpoints are the caller's,
  /// pages have 4096 B. `io` where SQLite can't, as on a file system without shared memory: nothing may be promised
  /// there.
  [[nodiscard]] units::Result<void> make_durable();

  /// Runs one or more statements, ignoring rows.
  [[nodiscard]] units::Result<void> execute(const std::string& sql);
  [[nodiscard]] units::Result<Statement> prepare(std::string_view sql);
  /// The first column of the first row, as an integer; absent without rows.
  [[nodiscard]] units::Result<std::optional<std::int64_t>> scalar(std::string_view sql);

  /// Copies what it can from the write-ahead log into the database without waiting for anyone.
  struct Checkpoint {
    int log_pages = 0;     ///< pages in the log
    int copied_pages = 0;  ///< of them, in the database file by now
  };
  [[nodiscard]] units::Result<Checkpoint> checkpoint_passive();

  [[nodiscard]] const std::string& path() const noexcept { return *path_; }
  [[nodiscard]] sqlite3* handle() const noexcept { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const noexcept;
  };
  Database(sqlite3* connection, std::shared_ptr<const std::string> path)
      : connection_(connection), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> connection_;
  std::shared_ptr<const std::string> path_;
};

/// BEGIN IMMEDIATE … COMMIT. Rolls back when destroyed without commit(), or when COMMIT fails.
class Transaction {
 public:
  [[nodiscard]] static units::Result<Transaction> begin(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  [[nodiscard]] units::Result<void> commit();

 private:
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

/// Removes a database with its log and index, if they are there: the database last, so that no log is ever without one,
/// and durably, so that nothing removed later is gone while this one is back after a power cut. Who has it open goes on
/// reading. `vfs` is OpenOptions::vfs.
[[nodiscard]] units::Result<void> remove_database(const std::filesystem::path& path, const std::string& vfs);

/// The Error for a SQLite result code of this file: full disk and I/O become `io`, constraints `conflict`, damage
/// `corrupt`, locks `unavailable`. For those who speak to sqlite3 themselves.
[[nodiscard]] units::Error error_of(int code, std::string_view words, std::string_view path);

}  // namespace vedette::sqlite
