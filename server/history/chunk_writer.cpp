#include "server/history/chunk_writer.h"

#include <algorithm>
#include <set>

#include "schema/sql/migrations.h"
#include "server/history/rows.h"
#include "server/sqlite/migrate.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kOpenWriters = 4;

}  // namespace

Result<sqlite::Database*> ChunkWriter::database(Period period) {
  if (const auto it = open_.find(period); it != open_.end()) return &it->second;
  const bool is_new = !files_.periods().contains(period);
  auto made = sqlite::Database::open(files_.path(period), {.vfs = files_.vfs_});
  if (!made) return std::unexpected(std::move(made.error()));
  // Before the file has a page; so that forget() gives back what it frees.
  if (auto set = made->execute("PRAGMA auto_vacuum = INCREMENTAL"); !set)
    return std::unexpected(std::move(set.error()));
  if (auto set = made->make_durable(); !set) return std::unexpected(std::move(set.error()));
  if (auto done = sqlite::migrate(*made, sql::chunks_migrations()); !done) {
    return std::unexpected(std::move(done.error()));
  }
  if (is_new) {
    auto partial = note_partial(*made, period);
    if (!partial) return std::unexpected(std::move(partial.error()));
    files_.add(period, *partial);
  }
  if (open_.size() >= kOpenWriters) open_.erase(open_.begin());
  return &open_.emplace(period, std::move(*made)).first->second;
}

// True if something of the period was built from a file that isn't there any more.
Result<bool> ChunkWriter::note_partial(sqlite::Database& database, Period period) {
  if (next_ == nullptr) return false;
  const Slot first = files_.first_stale(period), last = files_.first_stale(period + 1) - 1;
  auto built = next_->any(first, last);
  if (!built || !*built) return built;
  if (auto done = database.execute("INSERT OR IGNORE INTO partial VALUES(1)"); !done) {
    return std::unexpected(std::move(done.error()));
  }
  return true;
}

Result<std::uint32_t> ChunkWriter::next_part(sqlite::Database& database, const EncodedChunk& chunk) {
  auto statement = database.prepare("SELECT max(k) FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  const Tier tier = files_.tier();
  statement->bind(1, pack(key_of(tier, chunk.host, chunk.slot, 0, 0)))
      .bind(2, pack(key_of(tier, chunk.host, chunk.slot, 0, kMaxPart)));
  auto row = statement->step();
  if (!row) return std::unexpected(std::move(row.error()));
  if (!*row || statement->is_null(0)) return 0;
  return unpack(statement->integer(0)).part + 1;
}

Result<void> ChunkWriter::insert(sqlite::Database& database, const EncodedChunk& chunk, std::uint32_t part) {
  auto statement = database.prepare("INSERT INTO chunk VALUES(?,?)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (const auto& [group, blob] : chunk.groups) {
    statement->bind(1, pack(key_of(files_.tier(), chunk.host, chunk.slot, group, part)))
        .bind_borrowed(2, {reinterpret_cast<const std::uint8_t*>(blob.data()), blob.size()});
    if (auto done = statement->run(); !done) return done;
  }
  return {};
}

Result<void> ChunkWriter::remove(sqlite::Database& database, const EncodedChunk& chunk) {
  auto statement = database.prepare("DELETE FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  return bind_slots(*statement, files_.tier(), chunk.host, chunk.slot, chunk.slot).run();
}

// False if a part is damaged: then the parts stay as they are.
Result<bool> ChunkWriter::merge_parts(sqlite::Database& database, const EncodedChunk& added) {
  auto parts = read_chunks(database, files_.tier(), added.host, added.slot, added.slot, {});
  if (!parts) return std::unexpected(std::move(parts.error()));
  for (const auto& [group, blob] : added.groups) parts->push_back({added.slot, group, kMaxPart + 1, blob});
  const auto merged = merge_chunks(added.host, added.slot, *parts);
  if (!merged) return false;
  if (auto done = remove(database, added); !done) return std::unexpected(std::move(done.error()));
  if (auto done = insert(database, *merged, 0); !done) return std::unexpected(std::move(done.error()));
  return true;
}

Result<void> ChunkWriter::mark(sqlite::Database& database, std::span<const StaleSlot> slots) {
  auto statement = database.prepare("INSERT OR IGNORE INTO stale VALUES(?,?)");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (const auto& [slot, host] : slots) {
    statement->bind(1, domain::index(host)).bind(2, slot - files_.first_stale(files_.period_of_stale(slot)));
    if (auto done = statement->run(); !done) return done;
  }
  files_.set_stale(slots);  // before the commit: nobody may read what is built as if it were whole
  return {};
}

std::vector<StaleSlot> ChunkWriter::next_tier_of(std::span<const EncodedChunk> chunks) const {
  std::vector<StaleSlot> slots;
  if (files_.tier() == Tier::hour) return slots;
  for (const auto& chunk : chunks) {
    const StaleSlot slot{chunk.slot / slots_per_next(files_.tier()), chunk.host};
    if (slots.empty() || slots.back() != slot) slots.push_back(slot);
  }
  return slots;
}

// In a transaction of its own, as the follower may lie in another file: a mark too many only costs time.
Result<void> ChunkWriter::mark_follower(const StaleSlot& follower) {
  auto file = database(files_.period_of_stale(follower.slot));
  if (!file) return std::unexpected(std::move(file.error()));
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  if (auto done = mark(**file, std::span(&follower, 1)); !done) return done;
  return transaction->commit();
}

// A file of another period that can't be read must not keep this one's chunks from being written: what follows then
// keeps rates that begin with the tick before these. Where it can't be written now, it may be soon.
Result<void> ChunkWriter::mark_followers(std::span<const EncodedChunk> chunks) {
  std::set<StaleSlot> followers;
  for (const auto& chunk : chunks) {
    const auto next = files_.next_slot(chunk.host, chunk.slot);
    if (!next) {
      damaged_(next.error().message);
      return {};
    }
    if (*next) followers.insert({**next / slots_per_next(files_.tier()), chunk.host});
  }
  for (const auto& follower : followers) {
    auto done = mark_follower(follower);
    if (!done && done.error().code != ErrorCode::corrupt) return done;
    if (!done) damaged_(done.error().message);
  }
  return {};
}

Result<void> ChunkWriter::mark_all(Period period) {
  auto file = database(period);
  if (!file) return std::unexpected(std::move(file.error()));
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  if (auto done = (*file)->execute("INSERT OR IGNORE INTO stale SELECT DISTINCT k >> 35, ((k >> 18) & 131071) / " +
                                   std::to_string(slots_per_next(files_.tier())) + " FROM chunk");
      !done) {
    return done;
  }
  if (auto done = transaction->commit(); !done) return done;
  return files_.load_stale(**file, period);
}

Result<void> ChunkWriter::finish(sqlite::Database& database, sqlite::Transaction transaction) {
  if (auto done = transaction.commit(); !done) return done;
  // What a reader keeps from being copied now is copied next time.
  auto copied = database.checkpoint_passive();
  if (!copied) return std::unexpected(std::move(copied.error()));
  return {};
}

Result<void> ChunkWriter::add(Period period, std::span<const EncodedChunk> chunks,
                              const std::function<void()>& before_commit) {
  if (auto marked = mark_followers(chunks); !marked) return marked;
  auto file = database(period);
  if (!file) return std::unexpected(std::move(file.error()));
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
  if (auto done = mark(**file, next_tier_of(chunks)); !done) return done;
  if (before_commit) before_commit();
  return finish(**file, std::move(*transaction));
}

Result<void> ChunkWriter::replace(Period period, std::span<const EncodedChunk> chunks) {
  auto file = database(period);
  if (!file) return std::unexpected(std::move(file.error()));
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  for (const auto& chunk : chunks) {
    if (auto done = remove(**file, chunk); !done) return done;
    if (auto done = insert(**file, chunk, 0); !done) return done;
  }
  if (auto done = mark(**file, next_tier_of(chunks)); !done) return done;
  return finish(**file, std::move(*transaction));
}

Result<void> ChunkWriter::built(std::span<const StaleSlot> slots) {
  for (auto from = slots.begin(); from != slots.end();) {
    const Period period = files_.period_of_stale(from->slot);
    const auto to =
        std::find_if(from, slots.end(), [&](auto& one) { return files_.period_of_stale(one.slot) != period; });
    auto file = database(period);
    if (!file) return std::unexpected(std::move(file.error()));
    auto transaction = sqlite::Transaction::begin(**file);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    auto statement = (*file)->prepare("DELETE FROM stale WHERE host = ? AND slot = ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    for (const auto& [slot, host] : std::span(from, to)) {
      statement->bind(1, domain::index(host)).bind(2, slot - files_.first_stale(period));
      if (auto done = statement->run(); !done) return done;
    }
    if (auto done = finish(**file, std::move(*transaction)); !done) return done;
    files_.clear_stale(std::span(from, to));
    from = to;
  }
  return {};
}

Result<void> ChunkWriter::unlink(Period period) {
  const bool partial = files_.is_partial(period);
  open_.erase(period);
  files_.remove(period);
  auto done = sqlite::remove_database(files_.path(period), files_.vfs_);
  if (!done) files_.add(period, partial);
  return done;
}

Result<std::filesystem::path> ChunkWriter::set_aside(Period period) {
  open_.erase(period);
  files_.remove(period);
  const std::string from = files_.path(period).string();
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

Result<void> ChunkWriter::forget_in(Period period, HostNumber host) {
  auto file = database(period);
  if (!file) return std::unexpected(std::move(file.error()));
  auto transaction = sqlite::Transaction::begin(**file);
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  auto statement = (*file)->prepare("DELETE FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  const Slot first = first_slot(files_.tier(), period), last = first_slot(files_.tier(), period + 1) - 1;
  if (auto done = bind_slots(*statement, files_.tier(), host, first, last).run(); !done) return done;
  auto marks = (*file)->prepare("DELETE FROM stale WHERE host = ?");
  if (!marks) return std::unexpected(std::move(marks.error()));
  if (auto done = marks->bind(1, domain::index(host)).run(); !done) return done;
  if (auto done = transaction->commit(); !done) return done;
  if (auto done = (*file)->execute("PRAGMA incremental_vacuum"); !done) return done;
  // With its log cut off; behind a reader that lasts, that happens with the next chunks or when the file is closed.
  return (*file)->execute("PRAGMA wal_checkpoint(TRUNCATE)");
}

// One file that can't be written keeps the others from nothing.
Result<void> ChunkWriter::forget(HostNumber host) {
  Result<void> all;
  for (const Period period : files_.periods()) {
    auto done = forget_in(period, host);
    if (!done && all) all = std::move(done);
  }
  files_.forget_stale(host);
  return all;
}

}  // namespace vedette::history
