// An SQLite VFS on a disk that loses power: it knows of each file what the last sync made safe, and nothing else is
// left after a cut. Directory entries count as safe with the file's first sync.
#pragma once

#include <sqlite3.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>

namespace vedette::history {

/// One a process: SQLite's VFS are global. Any thread. Knows only files made through it.
class PowerVfs {
 public:
  static constexpr const char* kName = "power";

  static void install() {
    static const bool once = [] {
      original_ = ::sqlite3_vfs_find(nullptr);
      vfs_ = *original_;
      vfs_.zName = kName;
      vfs_.xOpen = open;
      vfs_.xDelete = remove;
      return ::sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK;
    }();
    if (!once) std::abort();
  }

  /// Writes into `to` what the files of `from` would be if the power failed now.
  static void cut(const std::filesystem::path& from, const std::filesystem::path& to) {
    const std::lock_guard lock(mutex_);
    for (const auto& [path, bytes] : safe_) {
      if (std::filesystem::path(path).parent_path() != from) continue;
      std::ofstream(to / std::filesystem::path(path).filename(), std::ios::binary) << bytes;
    }
  }

 private:
  struct Table {
    sqlite3_io_methods methods;
    const sqlite3_io_methods* real;
  };
  static const sqlite3_io_methods& real(const sqlite3_file* file) {
    return *reinterpret_cast<const Table*>(file->pMethods)->real;
  }
  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    const int opened = original_->xOpen(original_, name, file, flags, out);
    if (!file->pMethods) return opened;
    const std::lock_guard lock(mutex_);
    const auto [it, fresh] = tables_.try_emplace(file->pMethods, Table{*file->pMethods, file->pMethods});
    if (fresh) {
      it->second.methods.xSync = sync;
      it->second.methods.xClose = close;
    }
    file->pMethods = &it->second.methods;
    if (name) paths_[file] = name;
    return opened;
  }
  static int close(sqlite3_file* file) {
    const std::lock_guard lock(mutex_);
    paths_.erase(file);
    return real(file).xClose(file);
  }
  static int sync(sqlite3_file* file, int) {
    const std::lock_guard lock(mutex_);
    sqlite3_int64 size = 0;
    if (const int code = real(file).xFileSize(file, &size); code != SQLITE_OK) return code;
    std::string bytes(static_cast<std::size_t>(size), '\0');
    if (const int code = real(file).xRead(file, bytes.data(), static_cast<int>(size), 0); code != SQLITE_OK)
      return code;
    if (const auto path = paths_.find(file); path != paths_.end()) safe_[path->second] = std::move(bytes);
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync_directory) {
    {
      const std::lock_guard lock(mutex_);
      safe_.erase(name);
    }
    return original_->xDelete(original_, name, sync_directory);
  }

  static inline std::mutex mutex_;
  static inline std::map<const sqlite3_io_methods*, Table> tables_;
  static inline std::map<const sqlite3_file*, std::string> paths_;
  static inline std::map<std::string, std::string> safe_;  ///< by path
  static inline sqlite3_vfs vfs_{};
  static inline sqlite3_vfs* original_ = nullptr;
};

}  // namespace vedette::history
