// An SQLite VFS whose disk fails at will: "faulty" is the default VFS until fail_writes() says otherwise.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

namespace vedette::history {

/// One a process: SQLite's VFS are global. Any thread may switch.
class FaultyVfs {
 public:
  static constexpr const char* kName = "faulty";

  /// From now on every write, sync and truncation answers `code` (SQLITE_FULL, SQLITE_IOERR_WRITE …); SQLITE_OK mends.
  static void fail_writes(int code) {
    install();
    code_ = code;
  }
  static std::uint64_t failures() { return failures_; }
  /// From now on no file whose path holds this can be opened; empty mends.
  static void refuse(const std::string& part) {
    install();
    const std::lock_guard lock(refused_mutex_);
    refused_ = part;
  }

  static void install() {
    static const bool once = [] {
      original_ = ::sqlite3_vfs_find(nullptr);
      vfs_ = *original_;
      vfs_.zName = kName;
      vfs_.xOpen = open;
      return ::sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK;
    }();
    if (!once) std::abort();
  }

 private:
  static bool fails() {
    if (code_ == SQLITE_OK) return false;
    ++failures_;
    return true;
  }
  // The file is the default VFS's own; only its table of methods is replaced by a copy with our writers in it.
  struct Table {
    sqlite3_io_methods methods;
    const sqlite3_io_methods* real;
  };
  static const Table& table_of(const sqlite3_io_methods* real) {
    static std::mutex mutex;
    static std::map<const sqlite3_io_methods*, Table> tables;
    const std::lock_guard lock(mutex);
    const auto [it, fresh] = tables.try_emplace(real, Table{*real, real});
    if (fresh) {
      it->second.methods.xWrite = write;
      it->second.methods.xSync = sync;
      it->second.methods.xTruncate = truncate;
    }
    return it->second;
  }
  static const sqlite3_io_methods& real(const sqlite3_file* file) {
    return *reinterpret_cast<const Table*>(file->pMethods)->real;
  }
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    {
      const std::lock_guard lock(refused_mutex_);
      if (name != nullptr && !refused_.empty() && std::string_view(name).contains(refused_)) {
        file->pMethods = nullptr;
        return SQLITE_CANTOPEN;
      }
    }
    const int opened = original_->xOpen(original_, name, file, flags, out);
    if (file->pMethods) file->pMethods = &table_of(file->pMethods).methods;
    return opened;
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    return fails() ? code_.load() : real(file).xWrite(file, bytes, count, at);
  }
  static int sync(sqlite3_file* file, int flags) { return fails() ? code_.load() : real(file).xSync(file, flags); }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return fails() ? code_.load() : real(file).xTruncate(file, size);
  }

  static inline std::mutex refused_mutex_;
  static inline std::string refused_;
  static inline std::atomic<int> code_{SQLITE_OK};
  static inline std::atomic<std::uint64_t> failures_{0};
  static inline sqlite3_vfs vfs_{};
  static inline sqlite3_vfs* original_ = nullptr;
};

}  // namespace vedette::history
