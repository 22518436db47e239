#include "tests/bench/history/timed_log.h"

#include <sqlite3.h>

#include <utility>

#include "tests/bench/history/figures.h"

namespace vedette::bench {
namespace {

// The file is the default VFS's own; only its table of methods is replaced by a copy with ours in it.
struct Table {
  sqlite3_io_methods methods;
  const sqlite3_io_methods* real;
};

thread_local TimedLog::Span span;
sqlite3_vfs* original = nullptr;

const sqlite3_io_methods& real(const sqlite3_file* file) {
  return *reinterpret_cast<const Table*>(file->pMethods)->real;
}

int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
  if (span.bytes == 0) span.begin = wall();
  span.bytes += static_cast<std::size_t>(count);
  return real(file).xWrite(file, bytes, count, at);
}

int sync(sqlite3_file* file, int flags) {
  const int done = real(file).xSync(file, flags);
  span.end = wall();
  return done;
}

const Table& table_of(const sqlite3_io_methods* methods) {
  static const Table table = [methods] {
    Table made{*methods, methods};
    made.methods.xWrite = write;
    made.methods.xSync = sync;
    return made;
  }();
  if (table.real != methods) give_up("SQLite's logs are of two kinds");
  return table;
}

int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
  const int opened = original->xOpen(original, name, file, flags, out);
  if (file->pMethods && (flags & SQLITE_OPEN_WAL) != 0) file->pMethods = &table_of(file->pMethods).methods;
  return opened;
}

}  // namespace

void TimedLog::install() {
  static sqlite3_vfs vfs;
  original = ::sqlite3_vfs_find(nullptr);
  vfs = *original;
  vfs.zName = kName;
  vfs.xOpen = open;
  if (::sqlite3_vfs_register(&vfs, 0) != SQLITE_OK) give_up("SQLite takes no VFS of ours");
}

TimedLog::Span TimedLog::take() {
  return std::exchange(span, {});
}

}  // namespace vedette::bench
