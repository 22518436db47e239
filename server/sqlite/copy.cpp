#include "server/sqlite/copy.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "server/domain/file_fault.h"
#include "server/sqlite/migrate.h"

namespace vedette::sqlite {

using units::ErrorCode;
using units::Result;

namespace {

struct Finish {
  void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};

constexpr int kPages = 1024;  // of a step

// Reading the header takes the snapshot, whatever else is damaged. Held to the end: without it, a copy in steps begins
// again with every commit of another connection.
Result<void> take_snapshot(Database& database) {
  if (auto begun = database.execute("BEGIN"); !begun) return begun;
  if (auto version = database.scalar("PRAGMA user_version"); !version) return std::unexpected(version.error());
  return {};
}

void tell(const Copied& copied, sqlite3_backup* backup, std::uint64_t page) {
  if (!copied) return;
  const auto total = static_cast<std::uint64_t>(sqlite3_backup_pagecount(backup));
  const auto left = static_cast<std::uint64_t>(sqlite3_backup_remaining(backup));
  copied((total - left) * page, total * page);
}

Result<void> copy_pages(Database& from, Database& to, const Copied& copied) {
  if (auto taken = take_snapshot(from); !taken) return taken;
  const auto page = from.scalar("PRAGMA page_size");
  if (!page) return std::unexpected(page.error());
  std::unique_ptr<sqlite3_backup, Finish> backup(sqlite3_backup_init(to.handle(), "main", from.handle(), "main"));
  if (!backup) {
    return std::unexpected(error_of(sqlite3_errcode(to.handle()), sqlite3_errmsg(to.handle()), to.path()));
  }
  int code = SQLITE_OK;
  while (code == SQLITE_OK) {
    code = sqlite3_backup_step(backup.get(), kPages);
    if (code == SQLITE_OK || code == SQLITE_DONE) {
      tell(copied, backup.get(), static_cast<std::uint64_t>(page->value_or(0)));
    }
  }
  if (code == SQLITE_DONE) return {};
  // SQLite doesn't say which of both files it was: the one that is written, unless it is about reading.
  const int kind = code & 0xff;
  const bool target = (kind == SQLITE_IOERR && code != SQLITE_IOERR_READ && code != SQLITE_IOERR_SHORT_READ) ||
                      kind == SQLITE_FULL || kind == SQLITE_READONLY || kind == SQLITE_CANTOPEN;
  return std::unexpected(error_of(code, sqlite3_errstr(code), target ? to.path() : from.path()));
}

// Reading it back must show what is on the disk.
Result<void> settle(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const int error = fd < 0 || ::fsync(fd) != 0 ? errno : 0;
  if (fd >= 0) {
    ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    ::close(fd);
  }
  if (error == 0) return {};
  return units::fail(ErrorCode::io, path + ": " + domain::file_fault("cannot be written", error));
}

}  // namespace

Result<void> copy_database(const std::filesystem::path& from, const std::filesystem::path& to, const Copied& seen) {
  {
    auto source = Database::open(from, {.read_only = true});
    if (!source) return std::unexpected(std::move(source.error()));
    auto target = Database::open(to);
    if (!target) return std::unexpected(std::move(target.error()));
    // A copy that is broken off is thrown away, so it needs no journal.
    if (auto set = target->execute("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF"); !set) return set;
    if (auto copied = copy_pages(*source, *target, seen); !copied) return copied;
  }
  return settle(to.string());
}

Result<std::vector<std::string>> faults_of(Database& database, Depth depth) {
  auto statement = database.prepare(depth == Depth::full ? "PRAGMA integrity_check" : "PRAGMA quick_check");
  if (!statement) return std::unexpected(std::move(statement.error()));
  std::vector<std::string> faults;
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return faults;
    if (statement->text(0) != "ok") faults.emplace_back(statement->text(0));
  }
}

Result<std::string> newer_schema(Database& database, std::int64_t newest) {
  auto version = database.scalar("PRAGMA user_version");
  if (!version) return std::unexpected(std::move(version.error()));
  if (version->value_or(0) <= newest) return std::string();
  return newer_words(**version, newest);
}

}  // namespace vedette::sqlite
