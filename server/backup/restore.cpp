#include "server/backup/restore.h"

#include <algorithm>

#include "server/backup/target.h"
#include "server/sqlite/migrate.h"

namespace vedette::backup {

using units::ErrorCode;
using units::Result;

namespace {

std::string plainly(const Sum& sum) {
  return std::to_string(sum.bytes) + " bytes, SHA-256 " + sum.sha256.substr(0, 12) + "…";
}

Result<void> fits(const std::filesystem::path& file, const Sum& is, const Sum& should) {
  if (is == should) return {};
  return units::fail(ErrorCode::corrupt, file.string() + ": is damaged: it holds " + plainly(is) +
                                             ", and the manifest says " + plainly(should) +
                                             "; restore another backup. Nothing was changed");
}

Result<void> check(const std::filesystem::path& directory, const Entry& entry, const Newest& newest) {
  const auto file = directory / entry.stored;
  if (const auto known = newest(entry.name); known && entry.schema > *known) {
    return units::fail(ErrorCode::version, file.string() + ": " + sqlite::newer_words(entry.schema, *known) +
                                               ". Restore with the newer version. Nothing was changed");
  }
  const auto sum = sum_of(file);
  if (!sum && sum.error().code == ErrorCode::not_found) {
    return units::fail(ErrorCode::corrupt, file.string() + ": is missing, and the manifest names it; restore another " +
                                               "backup. Nothing was changed");
  }
  if (!sum) return std::unexpected(sum.error());
  return fits(file, *sum, entry.sum);
}

/// live.db last: the collector doesn't start on chunk files without it, so that a restore that was broken off isn't
/// taken for a whole one.
std::vector<Entry> in_order(std::vector<Entry> files) {
  std::ranges::stable_sort(files, {}, [](const Entry& entry) {
    return entry.name == "live.db" ? 2 : entry.name == "control.db" ? 1 : 0;
  });
  return files;
}

Result<void> put(const std::filesystem::path& from, const Entry& entry, const std::filesystem::path& data) {
  const auto to = data / entry.name;
  if (auto made = make_directory(to.parent_path(), data); !made) return made;
  const auto sum = copy_private(from, to, data);
  if (!sum) return std::unexpected(sum.error());
  if (auto same = fits(from, *sum, entry.sum); !same) return same;
  return sync(to.parent_path());
}

}  // namespace

Result<Manifest> verify(const std::filesystem::path& directory, const Newest& newest) {
  auto manifest = read_manifest(directory);
  if (!manifest) return manifest;
  for (const Entry& entry : manifest->files) {
    if (auto good = check(directory, entry, newest); !good) return std::unexpected(std::move(good.error()));
  }
  return manifest;
}

Result<void> need_empty(const std::filesystem::path& data) {
  std::error_code error;
  if (!std::filesystem::exists(data, error)) return {};
  for (std::filesystem::directory_iterator at(data, error), end; !error && at != end; at.increment(error)) {
    const auto name = at->path().filename();
    if (name == "lock" || name == "lost+found") continue;
    return units::fail(ErrorCode::conflict, data.string() + ": isn't empty (" + name.string() +
                                                " is there); restore only into an empty directory or a new one. "
                                                "Nothing was changed");
  }
  if (error) return units::fail(ErrorCode::io, data.string() + ": cannot be listed: " + error.message());
  return {};
}

Result<void> restore(const std::filesystem::path& directory, const Manifest& manifest,
                     const std::filesystem::path& data) {
  if (auto made = make_directory(data); !made) return made;
  for (const Entry& entry : in_order(manifest.files)) {
    auto done = put(directory / entry.stored, entry, data);
    if (done) continue;
    for (const Entry& file : manifest.files) {
      std::error_code ignored;
      std::filesystem::remove(data / file.name, ignored);
    }
    return done;
  }
  return {};
}

}  // namespace vedette::backup
