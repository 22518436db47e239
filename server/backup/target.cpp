#include "server/backup/target.h"

#include <algorithm>
#include <utility>

#include "server/sqlite/copy.h"

namespace vedette::backup {

using units::ErrorCode;
using units::Result;

namespace {

constexpr const char* kManifest = "manifest.json";
constexpr const char* kUnfinished = "unfinished.json";

Result<std::optional<Manifest>> read(const std::filesystem::path& file) {
  auto text = read_file(file);
  if (!text) return std::unexpected(std::move(text.error()));
  if (!*text) return std::nullopt;
  auto manifest = parse_manifest(**text, file.string());
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  return std::optional(std::move(*manifest));
}

/// The entry of this name; null if there is none.
const Entry* find(const std::vector<Entry>& entries, const std::string& name) {
  const auto found = std::ranges::find(entries, name, &Entry::name);
  return found == entries.end() ? nullptr : &*found;
}

void remove_database(const std::filesystem::path& file) {
  std::error_code ignored;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(file.string() + suffix, ignored);
}

}  // namespace

Result<Target> Target::open(const std::filesystem::path& directory, Manifest run, Seen seen) {
  if (auto made = make_directory(directory); !made) return std::unexpected(std::move(made.error()));
  std::error_code error;
  const bool fresh = std::ranges::all_of(std::filesystem::directory_iterator(directory, error), [](const auto& entry) {
    const auto name = entry.path().filename();
    return name == "lock" || name == "lost+found";
  });
  const bool ours =
      std::filesystem::exists(directory / kManifest, error) || std::filesystem::exists(directory / kUnfinished, error);
  if (!fresh && !ours) {
    return units::fail(ErrorCode::invalid,
                       directory.string() + ": holds other things than a backup; name an empty directory or a new one");
  }
  auto lock = domain::FileLock::take(directory / "lock");
  if (!lock && lock.error().code == ErrorCode::conflict) {
    return units::fail(ErrorCode::conflict,
                       "another backup is being written to " + directory.string() + "; wait for it to end");
  }
  if (!lock) return std::unexpected(std::move(lock.error()));
  Target target(directory, std::move(*lock), std::move(run), std::move(seen));
  if (auto loaded = target.load(); !loaded) return std::unexpected(std::move(loaded.error()));
  if (auto noted = target.note(); !noted) return std::unexpected(std::move(noted.error()));
  return target;
}

Result<void> Target::load() {
  auto before = read(directory_ / kManifest);
  if (!before) {
    before.error().message += "; move " + directory_.string() + " away or name another directory";
    return std::unexpected(std::move(before.error()));
  }
  before_ = std::move(*before);
  // Damaged: nothing of it is taken over, and that is all.
  if (auto unfinished = read(directory_ / kUnfinished); unfinished && *unfinished) {
    broken_off_ = std::move((*unfinished)->files);
  }
  for (const Entry& entry : broken_off_) stored_.insert(entry.stored);
  if (before_) {
    for (const Entry& entry : before_->files) stored_.insert(entry.stored);
  }
  return {};
}

Result<bool> Target::reuse(const std::string& name, const std::filesystem::path& from) {
  const auto now = state_of(from);
  if (!now) return std::unexpected(now.error());
  for (const auto* entries : {&broken_off_, before_ ? &before_->files : nullptr}) {
    const Entry* entry = entries != nullptr ? find(*entries, name) : nullptr;
    if (entry == nullptr || entry->source != now->state) continue;
    const auto sum = sum_of(directory_ / entry->stored, [&](std::uint64_t bytes) {
      if (seen_) seen_(bytes, entry->sum.bytes);
    });
    if (!sum || *sum != entry->sum) continue;
    run_.files.push_back(*entry);
    if (auto noted = note(); !noted) return std::unexpected(std::move(noted.error()));
    return true;
  }
  return false;
}

// Under the name that the backup before doesn't use; noted first, so that whatever a run leaves is known to the next.
Result<Target::Copy> Target::begin(const std::string& name) {
  const Entry* before = before_ ? find(before_->files, name) : nullptr;
  Copy copy;
  copy.entry.name = name;
  copy.entry.stored = before != nullptr && before->stored == name ? name + "~" : name;
  copy.path = directory_ / copy.entry.stored;
  std::erase_if(broken_off_, [&](const Entry& entry) { return entry.name == name; });
  broken_off_.push_back(copy.entry);
  stored_.insert(copy.entry.stored);
  if (auto noted = note(); !noted) return std::unexpected(std::move(noted.error()));
  if (auto made = make_directory(copy.path.parent_path()); !made) return std::unexpected(std::move(made.error()));
  remove_database(copy.path);
  return copy;
}

Result<Target::Copy> Target::copy_database(const std::string& name, const std::filesystem::path& from) {
  const auto state = state_of(from);
  if (!state) return std::unexpected(state.error());
  auto copy = begin(name);
  if (!copy) return copy;
  if (auto copied = sqlite::copy_database(from, copy->path, seen_); !copied) {
    remove_database(copy->path);
    return std::unexpected(std::move(copied.error()));
  }
  if (state->settled) copy->entry.source = state->state;
  return copy;
}

Result<Target::Copy> Target::copy_plainly(const std::string& name, const std::filesystem::path& from) {
  auto copy = begin(name);
  if (!copy) return copy;
  auto copied = copy_private(from, copy->path);
  if (!copied) return std::unexpected(std::move(copied.error()));
  return copy;
}

Result<void> Target::keep(Copy copy) {
  if (auto synced = sync(copy.path); !synced) return synced;
  if (auto synced = sync(copy.path.parent_path()); !synced) return synced;
  auto sum = sum_of(copy.path);
  if (!sum) return std::unexpected(std::move(sum.error()));
  copy.entry.sum = std::move(*sum);
  run_.files.push_back(std::move(copy.entry));
  return note();
}

Result<void> Target::note() {
  std::erase_if(broken_off_, [&](const Entry& entry) { return find(run_.files, entry.name) != nullptr; });
  Manifest unfinished = run_;
  unfinished.files.insert(unfinished.files.end(), broken_off_.begin(), broken_off_.end());
  return replace_file(directory_ / kUnfinished, to_json(unfinished));
}

Result<Manifest> Target::finish(units::Instant now) {
  run_.finished = now;
  if (auto written = replace_file(directory_ / kManifest, to_json(run_)); !written) {
    return std::unexpected(std::move(written.error()));
  }
  std::error_code ignored;
  std::filesystem::remove(directory_ / kUnfinished, ignored);
  remove_unnamed();
  if (auto synced = sync(directory_); !synced) return std::unexpected(std::move(synced.error()));
  return run_;
}

void Target::remove_unnamed() const {
  for (const std::string& stored : stored_) {
    if (std::ranges::find(run_.files, stored, &Entry::stored) == run_.files.end()) {
      remove_database(directory_ / stored);
    }
  }
}

Result<Manifest> read_manifest(const std::filesystem::path& directory) {
  auto manifest = read(directory / kManifest);
  if (!manifest) return std::unexpected(std::move(manifest.error()));
  if (*manifest) return std::move(**manifest);
  std::error_code error;
  const bool begun = std::filesystem::exists(directory / kUnfinished, error);
  return units::fail(ErrorCode::not_found, directory.string() + (begun ? ": holds a backup that isn't finished; run "
                                                                         "vedette-server backup again to finish it"
                                                                       : ": holds no backup"));
}

}  // namespace vedette::backup
