// SQLite's default VFS with a PowerDisk beside it, which tells what would be left of its files after a power cut.
// SQLite syncs a directory when it first syncs a log or journal that it may have made (unixSync in os_unix.c), and so
// it is here.
#pragma once

#include <sqlite3.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <mutex>
#include <optional>

#include "tests/server/history/power_disk.h"

namespace vedette::history {

/// One a process: SQLite's VFS are global. Any thread. Index files (-shm) are none of the disk's.
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

  /// From now on syncs do nothing, as if synchronous=OFF had SQLite leave them out (a store can't be opened with that:
  /// Database::make_durable looks).
  static void ignore_syncs(bool yes) { ignores_syncs_ = yes; }

  /// Called before each change of a file or directory, on the thread that makes it; empty: no more. It may cut(), and
  /// must not use SQLite.
  static void before_changes(std::function<void()> call) {
    const std::lock_guard lock(calling_);
    before_change_ = std::move(call);
  }

  /// Whatever lies in the directory is safe there. Before anyone opens it through this VFS, or it counts as new.
  static void take_over(const std::filesystem::path& directory) {
    const std::lock_guard lock(mutex_);
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      disk_.add(entry.path(), contents_of(entry.path()));
    }
  }
  /// Forgets a directory whose files nobody has open any more.
  static void forget(const std::filesystem::path& directory) {
    const std::lock_guard lock(mutex_);
    disk_.forget(directory);
  }

  /// Writes into `to` what the files of `from` might be if the power failed now.
  static void cut(const std::filesystem::path& from, const std::filesystem::path& to, Random& random) {
    const std::lock_guard lock(mutex_);
    find_removed(from);
    for (const auto& [name, bytes] : disk_.after_cut(from, random)) {
      std::ofstream(to / name, std::ios::binary) << bytes;
    }
  }

 private:
  struct Table {
    sqlite3_io_methods methods;
    const sqlite3_io_methods* real;
  };
  struct Opened {
    std::filesystem::path path;
    PowerDisk::File file;
    bool syncs_directory = false;  ///< with its first sync
  };

  static const sqlite3_io_methods& real(const sqlite3_file* file) {
    return *reinterpret_cast<const Table*>(file->pMethods)->real;
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    change();
    const int opened = original_->xOpen(original_, name, file, flags, out);
    if (!file->pMethods) return opened;
    const std::lock_guard lock(mutex_);
    const auto [it, fresh] = tables_.try_emplace(file->pMethods, Table{*file->pMethods, file->pMethods});
    if (fresh) {
      it->second.methods.xWrite = write;
      it->second.methods.xTruncate = truncate;
      it->second.methods.xSync = sync;
      it->second.methods.xClose = close;
    }
    file->pMethods = &it->second.methods;
    const bool log = (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
    if (name && (log || (flags & SQLITE_OPEN_MAIN_DB))) {
      opened_[file] = {name, known(name), log && (flags & SQLITE_OPEN_CREATE)};
    }
    return opened;
  }

  // The file of this name, which others may have made or made anew without us.
  static PowerDisk::File known(const std::filesystem::path& path) {
    auto found = disk_.find(path);
    if (found && inodes_[path] == inode_of(path) && found->now().size() == std::filesystem::file_size(path)) {
      return found;
    }
    if (found) disk_.name(path, {});
    auto made = contents_of(path);
    disk_.name(path, made);
    return made;
  }

  static PowerDisk::File contents_of(const std::filesystem::path& path) {
    inodes_[path] = inode_of(path);
    std::ifstream in(path, std::ios::binary);
    return std::make_shared<PowerFile>(std::string(std::istreambuf_iterator<char>(in), {}));
  }

  static ino_t inode_of(const std::filesystem::path& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) std::abort();
    return status.st_ino;
  }

  static int close(sqlite3_file* file) {
    {
      const std::lock_guard lock(mutex_);
      opened_.erase(file);
    }
    return real(file).xClose(file);
  }

  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 at) {
    change();
    const std::lock_guard lock(mutex_);
    const int done = real(file).xWrite(file, bytes, count, at);
    if (const auto it = opened_.find(file); done == SQLITE_OK && it != opened_.end()) {
      it->second.file->write({static_cast<const char*>(bytes), static_cast<std::size_t>(count)},
                             static_cast<std::size_t>(at));
    }
    return done;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    change();
    const std::lock_guard lock(mutex_);
    const int done = real(file).xTruncate(file, size);
    if (const auto it = opened_.find(file); done == SQLITE_OK && it != opened_.end()) {
      it->second.file->truncate(static_cast<std::size_t>(size));
    }
    return done;
  }

  // Not of the real file: that takes long, and nobody cuts its power.
  static int sync(sqlite3_file* file, int) {
    change();
    const std::lock_guard lock(mutex_);
    const auto it = opened_.find(file);
    if (it == opened_.end() || ignores_syncs_) return SQLITE_OK;
    it->second.file->sync();
    if (std::exchange(it->second.syncs_directory, false)) sync_directory(it->second.path.parent_path());
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs*, const char* name, int also_sync) {
    change();
    const std::lock_guard lock(mutex_);
    const int done = original_->xDelete(original_, name, 0);
    if (done == SQLITE_OK && disk_.find(name)) disk_.name(name, {});
    if (also_sync && !ignores_syncs_) sync_directory(std::filesystem::path(name).parent_path());
    return done;
  }

  static void sync_directory(const std::filesystem::path& directory) {
    find_removed(directory);
    disk_.sync_directory(directory);
  }

  static void find_removed(const std::filesystem::path& directory) {
    for (const auto& path : disk_.files_in(directory)) {
      if (!std::filesystem::exists(path)) disk_.name(path, {});
    }
  }

  static void change() {
    const std::lock_guard lock(calling_);
    if (before_change_) before_change_();
  }

  static inline std::mutex calling_;
  static inline std::function<void()> before_change_;
  static inline std::mutex mutex_;
  static inline PowerDisk disk_;
  static inline std::map<std::filesystem::path, ino_t> inodes_;
  static inline std::map<const sqlite3_io_methods*, Table> tables_;
  static inline std::map<const sqlite3_file*, Opened> opened_;
  static inline std::atomic<bool> ignores_syncs_{false};
  static inline sqlite3_vfs vfs_{};
  static inline sqlite3_vfs* original_ = nullptr;
};

}  // namespace vedette::history
