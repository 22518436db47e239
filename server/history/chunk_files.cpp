#include "server/history/chunk_files.h"

#include <algorithm>

#include "schema/sql/migrations.h"
#include "server/history/rows.h"
#include "server/sqlite/migrate.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kIdle = 16;
constexpr std::size_t kOpenWriters = 4;

Result<void> check_whole(sqlite::Database& database, const std::filesystem::path& path) {
  auto pages = database.scalar("PRAGMA page_count");
  if (!pages) return std::unexpected(std::move(pages.error()));
  auto size = database.scalar("PRAGMA page_size");
  if (!size) return std::unexpected(std::move(size.error()));
  std::error_code ignored;
  // With a write-ahead log the newest pages may be there only.
  const auto log = std::filesystem::file_size(path.string() + "-wal", ignored);
  if (!ignored && log > 0) return {};
  const auto length = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored));
  if (ignored || length >= pages->value_or(0) * size->value_or(0)) return {};
  return units::fail(ErrorCode::corrupt,
                     path.string() + ": cut off after " + std::to_string(length) + " of " +
                         std::to_string(pages->value_or(0) * size->value_or(0)) +
                         " bytes; restore it from a backup, or move it away to go on without that day");
}

// In ascending order of key; all groups if none is named.
Result<std::vector<StoredChunk>> read_chunks(sqlite::Database& database, HostNumber host, Slot from, Slot to,
                                             std::span<const std::uint32_t> groups) {
  std::vector<StoredChunk> chunks;
  auto statement = database.prepare("SELECT k, v FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  statement->bind(1, pack(raw_key(host, from, 0, 0))).bind(2, pack(raw_key(host, to, kGroups - 1, kMaxPart)));
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return chunks;
    const ChunkKey key = unpack(statement->integer(0));
    if (!groups.empty() && !std::ranges::binary_search(groups, key.group)) continue;
    const auto blob = statement->blob(1);
    chunks.push_back({first_slot(day_of(from)) + key.slot, key.group, key.part,
                      std::string(reinterpret_cast<const char*>(blob.data()), blob.size())});
  }
}

}  // namespace

ChunkFiles::ChunkFiles(std::filesystem::path directory, std::string vfs)
    : directory_(std::move(directory)), vfs_(std::move(vfs)) {}

Result<void> ChunkFiles::scan() {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const auto day = parse_raw_file_name(entry.path().filename().string());
    if (!day) continue;
    auto database = sqlite::Database::open(entry.path(), {.create = false, .vfs = vfs_});
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto whole = check_whole(*database, entry.path()); !whole) return whole;
    if (auto done = sqlite::migrate(*database, sql::chunks_migrations()); !done) return done;
    add(*day);
  }
  if (error) return units::fail(ErrorCode::io, directory_.string() + ": cannot be listed: " + error.message());
  return {};
}

std::set<Day> ChunkFiles::days() const {
  const std::lock_guard lock(mutex_);
  return days_;
}

void ChunkFiles::add(Day day) {
  const std::lock_guard lock(mutex_);
  days_.insert(day);
}

void ChunkFiles::remove(Day day) {
  const std::lock_guard lock(mutex_);
  days_.erase(day);
  idle_.erase(day);
  ++removals_;
}

Result<ChunkFiles::Lent> ChunkFiles::borrow(Day day) const {
  std::uint64_t removals = 0;
  {
    const std::lock_guard lock(mutex_);
    removals = removals_;
    if (const auto it = idle_.find(day); it != idle_.end()) {
      Lent lent{day, removals, std::move(it->second)};
      idle_.erase(it);
      return lent;
    }
  }
  auto opened = sqlite::Database::open(path(day), {.read_only = true, .vfs = vfs_});
  if (!opened) return std::unexpected(std::move(opened.error()));
  return Lent{day, removals, std::move(*opened)};
}

void ChunkFiles::give_back(Lent lent) const {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdle && lent.removals == removals_) idle_.emplace(lent.day, std::move(lent.database));
}

Result<std::vector<StoredChunk>> ChunkFiles::read(HostNumber host, Slot from, Slot to,
                                                  std::span<const std::uint32_t> groups) const {
  const Day day = day_of(from);
  if (!days().contains(day)) return std::vector<StoredChunk>{};
  auto lent = borrow(day);
  if (!lent) return std::unexpected(std::move(lent.error()));
  auto chunks = read_chunks(lent->database, host, from, to, groups);
  if (chunks) give_back(std::move(*lent));
  return chunks;
}

Result<std::optional<Slot>> ChunkFiles::newest_slot(HostNumber host, Slot before, Day oldest) const {
  const std::set<Day> all = days();
  for (auto day = all.rbegin(); day != all.rend() && *day >= oldest; ++day) {
    if (first_slot(*day) >= before) continue;
    auto lent = borrow(*day);
    if (!lent) return std::unexpected(std::move(lent.error()));
    std::optional<Slot> found;
    {
      auto statement = lent->database.prepare("SELECT max(k) FROM chunk WHERE k BETWEEN ? AND ?");
      if (!statement) return std::unexpected(std::move(statement.error()));
      const Slot last = std::min(before - 1, first_slot(*day + 1) - 1);
      statement->bind(1, pack(raw_key(host, first_slot(*day), 0, 0)))
          .bind(2, pack(raw_key(host, last, kGroups - 1, kMaxPart)));
      auto row = statement->step();
      if (!row) return std::unexpected(std::move(row.error()));
      if (*row && !statement->is_null(0)) found = first_slot(*day) + unpack(statement->integer(0)).slot;
    }
    give_back(std::move(*lent));
    if (found) return found;
  }
  return std::nullopt;
}

Result<sqlite::Database*> ChunkWriter::database(Day day) {
  if (const auto it = open_.find(day); it != open_.end()) return &it->second;
  auto made = sqlite::Database::open(files_.path(day), {.vfs = files_.vfs_});
  if (!made) return std::unexpected(std::move(made.error()));
  if (auto set = made->make_durable(); !set) return std::unexpected(std::move(set.error()));
  if (auto done = sqlite::migrate(*made, sql::chunks_migrations()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  files_.add(day);
  if (open_.size() >= kOpenWriters) open_.erase(open_.begin());
  return &open_.emplace(day, std::move(*made)).first->second;
}

Result<std::uint32_t> ChunkWriter::next_part(sqlite::Database& database, const EncodedChunk& chunk) {
  auto statement = database.prepare("SELECT max(k) FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  statement->bind(1, pack(raw_key(chunk.host, chunk.slot, 0, 0)))
      .bind(2, pack(raw_key(chunk.host, chunk.slot, 0, kMaxPart)));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  if (!*row || statement->is_null(0)) return 0;
  return unpack(statement->integer(0)).part + 1;
}

Result<void> ChunkWriter::insert(sqlite::Database& database, const EncodedChunk& chunk, std::uint32_t part) {
  auto statement = database.prepare("INSERT INTO chunk VALUES(?,?)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (const auto& [group, blob] : chunk.groups) {
    statement->bind(1, pack(raw_key(chunk.host, chunk.slot, group, part)))
        .bind_borrowed(2, {reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()});
    if (auto done = statement->run(); !done) return done;
  }
  return {};
}

// False if a part is damaged: then the parts stay as they are.
Result<bool> ChunkWriter::merge_parts(sqlite::Database& database, const EncodedChunk& added) {
  auto parts = read_chunks(database, added.host, added.slot, added.slot, {});
  if (!parts) return std::unexpected(std::move(parts.error()));
  for (const auto& [group, blob] : added.groups) parts->push_back({added.slot, group, kMaxPart + 1, blob});
  const auto merged = merge_chunks(added.host, added.slot, *parts);
  if (!merged) return false;
  auto statement = database.prepare("DELETE FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  statement->bind(1, pack(raw_key(added.host, added.slot, 0, 0)))
      .bind(2, pack(raw_key(added.host, added.slot, kGroups - 1, kMaxPart)));
  if (auto done = statement->run(); !done) return std::unexpected(std::move(done.error()));
  if (auto done = insert(database, *merged, 0); !done) return std::unexpected(std::move(done.error()));
  return true;
}

Result<void> ChunkWriter::add(Day day, std::span<const EncodedChunk> chunks,
                              const std::function<void()>& before_commit) {
  auto file = database(day);
  if (!file) return std::unexpected(std::move(file.error()));
  {
    auto transaction = sqlite::Transaction::begin(**file);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    for (const auto& chunk : chunks) {
      auto part = next_part(**file, chunk);
      if (!part) return std::unexpected(std::move(part.error()));
      if (*part >= kMergeAt) {
        auto merged = merge_parts(**file, chunk);
        if (!merged) return std::unexpected(std::move(merged.error()));
        if (*merged) continue;
      }
      if (*part > kMaxPart) return units::fail(ErrorCode::conflict, (*file)->path() + ": a slot has 256 parts already");
      if (auto done = insert(**file, chunk, *part); !done) return done;
    }
    if (before_commit) before_commit();
    if (auto done = transaction->commit(); !done) return done;
  }
  // What a reader keeps from being copied now is copied next time.
  auto copied = (*file)->checkpoint_passive();
  if (!copied) return std::unexpected(std::move(copied.error()));
  return {};
}

Result<std::filesystem::path> ChunkWriter::set_aside(Day day) {
  open_.erase(day);
  files_.remove(day);
  const std::string from = files_.path(day).string();
  std::string to = from + ".damaged";
  std::error_code error;
  for (int n = 2; std::filesystem::exists(to, error); ++n) to = from + ".damaged-" + std::to_string(n);
  std::filesystem::rename(from, to, error);
  if (error) return units::fail(ErrorCode::io, from + ": damaged, and can't be renamed: " + error.message());
  // With its log the file can still be looked into; the index beside it is rebuilt by whoever does.
  std::error_code ignored;
  std::filesystem::rename(from + "-wal", to + "-wal", ignored);
  std::filesystem::remove(from + "-shm", ignored);
  return to;
}

Result<void> ChunkWriter::forget(HostNumber host) {
  for (const Day day : files_.days()) {
    auto file = database(day);
    if (!file) return std::unexpected(std::move(file.error()));
    auto transaction = sqlite::Transaction::begin(**file);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    auto statement = (*file)->prepare("DELETE FROM chunk WHERE k BETWEEN ? AND ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    statement->bind(1, pack(raw_key(host, first_slot(day), 0, 0)))
        .bind(2, pack(raw_key(host, first_slot(day + 1) - 1, kGroups - 1, kMaxPart)));
    if (auto done = statement->run(); !done) return done;
    if (auto done = transaction->commit(); !done) return done;
  }
  return {};
}

}  // namespace vedette::history
