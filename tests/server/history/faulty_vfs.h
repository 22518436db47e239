// An SQLite VFS whose disk fails at will: "faulty" is the default VFS until fail_writes() says otherwise.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>

#include "tests/server/history/a_store.h"

namespace vedette::history {

/// One a process: SQLite's VFS are global. Any thread may switch.
class FaultyVfs {
 public:
  static constexpr const char* kName = "faulty";

  /// From now on every write, sync and truncation answers `code` (SQLITE_FULL, SQLITE_IOERR_WRITE …); SQLITE_OK mends.
  /// With a `part`, only those of files whose path holds it.
  static void fail_writes(int code, const std::string& part = {}) {
    install();
    const std::lock_guard lock(names_mutex_);
    unwritable_ = part;
    one_in_ = 1;
    code_ = code;
  }
  /// From now on one in so many of these does, at random.
  static void fail_some_writes(int code, unsigned one_in, std::uint64_t seed) {
    install();
    const std::lock_guard lock(names_mutex_);
    unwritable_.clear();
    random_.seed(seed);
    one_in_ = one_in;
    code_ = code;
  }
  /// From now on no byte can be read of files whose path holds this; empty mends. As from a disk with bad sectors.
  static void fail_reads(const std::string& part) {
    install();
    const std::lock_guard lock(names_mutex_);
    unreadable_ = part;
    fails_reads_ = !part.empty();
  }
  static std::uint64_t failures() { return failures_; }
  /// From now on no file whose path holds this can be opened; empty mends.
  static void refuse(const std::string& part) {
    install();
    const std::lock_guard lock(names_mutex_);
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
  static bool fails(sqlite3_file* file) {
    if (code_ == SQLITE_OK || !chosen(file)) return false;
    ++failures_;
    return true;
  }
  static bool chosen(sqlite3_file* file) {
    const std::lock_guard lock(names_mutex_);
    const auto it = names_.find(file);
    if (!unwritable_.empty() && (it == names_.end() || !it->second.contains(unwritable_))) return false;
    return random_() % one_in_ == 0;
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
      it->second.methods.xRead = read;
      it->second.methods.xClose = close;
    }
    return it->second;
  }
  static const sqlite3_io_methods& real(const sqlite3_file* file) {
    return *reinterpret_cast<const Table*>(file->pMethods)->real;
  }
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    {
      const std::lock_guard lock(names_mutex_);
      if (name != nullptr && !refused_.empty() && std::string_view(name).contains(refused_)) {
        file->pMethods = nullptr;
        return SQLITE_CANTOPEN;
      }
    }
    const int opened = original_->xOpen(original_, name, file, flags, out);
    if (!file->pMethods) return opened;
    file->pMethods = &table_of(file->pMethods).methods;
    const std::lock_guard lock(names_mutex_);
    if (name != nullptr) names_[file] = name;
    return opened;
  }
  static int close(sqlite3_file* file) {
    {
      const std::lock_guard lock(names_mutex_);
      names_.erase(file);
    }
    return real(file).xClose(file);
  }
  static int read(sqlite3_file* file, void* bytes, int count, sqlite3_int64 at) {
    if (fails_reads_) {
      const std::lock_guard lock(names_mutex_);
      const auto it = names_.find(file);
      if (it != names_.end() && !unreadable_.empty() && it->second.contains(unreadable_)) {
        ++failures_;
        return SQLITE_IOERR_READ;
      }
    }
    return real(file).xRead(file, bytes, count, at);
  }
  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    return fails(file) ? code_.load() : real(file).xWrite(file, bytes, count, at);
  }
  static int sync(sqlite3_file* file, int flags) { return fails(file) ? code_.load() : real(file).xSync(file, flags); }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return fails(file) ? code_.load() : real(file).xTruncate(file, size);
  }

  static inline std::mutex names_mutex_;
  static inline std::string refused_, unreadable_, unwritable_;
  static inline std::map<const sqlite3_file*, std::string> names_;
  static inline std::mt19937_64 random_;
  static inline std::atomic<bool> fails_reads_{false};
  static inline std::atomic<unsigned> one_in_{1};
  static inline std::atomic<int> code_{SQLITE_OK};
  static inline std::atomic<std::uint64_t> failures_{0};
  static inline sqlite3_vfs vfs_{};
  static inline sqlite3_vfs* original_ = nullptr;
};

/// options_in() on this disk.
inline Options faulty_in(const std::filesystem::path& directory) {
  FaultyVfs::install();
  Options options = options_in(directory);
  options.vfs = FaultyVfs::kName;
  return options;
}

}  // namespace vedette::history
