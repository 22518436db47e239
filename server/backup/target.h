// A directory that backups are written to, and one run of a backup into it.
//
//   manifest.json    the newest whole backup: its files, in this directory, and their check sums
//   unfinished.json  a run that is going on or was broken off: what it has copied so far, in the same form
//   lock             held while a run goes on
//
// A run never touches what manifest.json names, so that the backup before stays whole until the new manifest takes its
// place; what changed is stored under the name or the name with ~, whichever isn't taken. What hasn't changed since an
// earlier run, finished or not, is taken over once it was read and fits its sum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/backup/manifest.h"
#include "server/domain/file_lock.h"

namespace vedette::backup {

class Target {
 public:
  /// How many bytes of the file that is copied or taken over were read, of how many.
  using Seen = std::function<void(std::uint64_t done, std::uint64_t total)>;

  /// Makes the directory (0700) if need be. `conflict` if another run goes on there, `invalid` if it holds anything
  /// that isn't a backup's, `corrupt` if its manifest is damaged; nothing is changed then.
  [[nodiscard]] static units::Result<Target> open(const std::filesystem::path& directory, Manifest run, Seen seen = {});

  /// A file of this run that isn't part of it yet.
  struct Copy {
    Entry entry;
    std::filesystem::path path;
  };
  /// Takes over what an earlier run copied of this database, if it is in the same state still and the copy is whole.
  [[nodiscard]] units::Result<bool> reuse(const std::string& name, const std::filesystem::path& from);
  /// `not_found` if it isn't there.
  [[nodiscard]] units::Result<Copy> copy_database(const std::string& name, const std::filesystem::path& from);
  [[nodiscard]] units::Result<Copy> copy_plainly(const std::string& name, const std::filesystem::path& from);
  /// Makes the copy part of the run: durable, with its sum. A run that is broken off now goes on from here.
  [[nodiscard]] units::Result<void> keep(Copy copy);
  /// The run is the newest backup now; what earlier runs left and it doesn't name is removed.
  [[nodiscard]] units::Result<Manifest> finish(units::Instant now);

 private:
  Target(std::filesystem::path directory, domain::FileLock lock, Manifest run, Seen seen)
      : directory_(std::move(directory)), lock_(std::move(lock)), seen_(std::move(seen)), run_(std::move(run)) {}
  [[nodiscard]] units::Result<void> load();
  [[nodiscard]] units::Result<Copy> begin(const std::string& name);
  [[nodiscard]] units::Result<void> note();
  void remove_unnamed() const;

  std::filesystem::path directory_;
  domain::FileLock lock_;
  Seen seen_;
  Manifest run_;                    ///< its files are the copies that are kept
  std::optional<Manifest> before_;  ///< manifest.json
  std::vector<Entry> broken_off_;   ///< of unfinished.json, what this run hasn't taken over or copied anew
  std::set<std::string> stored_;    ///< every file that any run may have left here
};

/// The whole backup in this directory; `not_found` says whether there is an unfinished one.
[[nodiscard]] units::Result<Manifest> read_manifest(const std::filesystem::path& directory);

}  // namespace vedette::backup
