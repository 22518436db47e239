#include "server/history/chunk_files.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "schema/sql/migrations.h"
#include "server/history/rows.h"
#include "server/sqlite/migrate.h"

namespace vedette::history {

using domain::HostNumber;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kIdle = 16;

// Big-endian, as SQLite's header has it.
std::uint64_t number_at(std::span<const char, 100> header, std::size_t at, std::size_t bytes) {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < bytes; ++i) n = n << 8 | static_cast<unsigned char>(header[at + i]);
  return n;
}

// Asked of the header, as `PRAGMA page_count` goes by the file's length in newer versions of SQLite.
Result<void> check_whole(const std::filesystem::path& path) {
  std::error_code ignored;
  // With a write-ahead log the newest pages may be there only.
  const auto log = std::filesystem::file_size(path.string() + "-wal", ignored);
  if (!ignored && log > 0) return {};
  std::array<char, 100> header{};
  std::ifstream(path, std::ios::binary).read(header.data(), header.size());
  const std::uint64_t page = number_at(header, 16, 2) == 1 ? 65'536 : number_at(header, 16, 2);
  const std::uint64_t wanted = number_at(header, 28, 4) * page;
  const auto length = std::filesystem::file_size(path, ignored);
  const bool counted = number_at(header, 24, 4) == number_at(header, 92, 4);  // else an old version wrote last
  if (ignored || !counted || length >= wanted) return {};
  return units::fail(ErrorCode::corrupt,
                     path.string() + ": cut off after " + std::to_string(length) + " of " + std::to_string(wanted) +
                         " bytes; restore it from a backup, or move it away to go on without what it holds");
}

// A file that was removed since its period was looked up has nothing.
template <class None>
Result<None> none_if_gone(const units::Error& error) {
  if (error.code == ErrorCode::not_found) return None{};
  return std::unexpected(error);
}

}  // namespace

Result<std::vector<FileName>> chunk_files_in(const std::filesystem::path& directory) {
  std::vector<FileName> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    if (const auto name = parse_file_name(at->path().filename().string())) files.push_back(*name);
  }
  if (error) return units::fail(ErrorCode::io, directory.string() + ": cannot be listed: " + error.message());
  std::ranges::sort(files, {}, [](const FileName& name) { return std::pair(name.tier, name.period); });
  return files;
}

Result<std::vector<StoredChunk>> read_chunks(sqlite::Database& database, Tier tier, HostNumber host, Slot from, Slot to,
                                             std::span<const std::uint32_t> groups) {
  std::vector<StoredChunk> chunks;
  auto statement = database.prepare("SELECT k, v FROM chunk WHERE k BETWEEN ? AND ?");
  if (!statement) return std::unexpected(std::move(statement.error()));
  bind_slots(*statement, tier, host, from, to);
  const Slot first = first_slot(tier, period_of(tier, from));
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return chunks;
    const ChunkKey key = unpack(statement->integer(0));
    if (!groups.empty() && !std::ranges::binary_search(groups, key.group)) continue;
    const auto blob = statement->blob(1);
    chunks.push_back(
        {first + key.slot, key.group, key.part, std::string(reinterpret_cast<const char*>(blob.data()), blob.size())});
  }
}

sqlite::Statement& bind_slots(sqlite::Statement& statement, Tier tier, HostNumber host, Slot from, Slot to) {
  return statement.bind(1, pack(key_of(tier, host, from, 0, 0)))
      .bind(2, pack(key_of(tier, host, to, kGroups - 1, kMaxPart)));
}

ChunkFiles::ChunkFiles(std::filesystem::path directory, std::string vfs, Tier tier)
    : directory_(std::move(directory)), vfs_(std::move(vfs)), tier_(tier) {}

Result<std::vector<Period>> ChunkFiles::listed() const {
  const auto files = chunk_files_in(directory_);
  if (!files) return std::unexpected(files.error());
  std::vector<Period> found;
  for (const FileName& file : *files) {
    if (file.tier == tier_) found.push_back(file.period);
  }
  return found;
}

Result<void> ChunkFiles::check() const {
  const auto found = listed();
  if (!found) return std::unexpected(found.error());
  for (const Period period : *found) {
    // First: closing a file that SQLite has open gives up its locks.
    if (auto whole = check_whole(path(period)); !whole) return whole;
    auto database = sqlite::Database::open(path(period), {.create = false, .vfs = vfs_});
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto ours = sqlite::check_version(*database, sql::chunks_migrations()); !ours) return ours;
  }
  return {};
}

Result<void> ChunkFiles::scan() {
  const auto found = listed();
  if (!found) return std::unexpected(found.error());
  for (const Period period : *found) {
    auto database = sqlite::Database::open(path(period), {.create = false, .vfs = vfs_});
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto done = sqlite::migrate(*database, sql::chunks_migrations()); !done) return done;
    if (auto loaded = load_stale(*database, period); !loaded) return loaded;
    auto partial = database->scalar("SELECT count(*) FROM partial");
    if (!partial) return std::unexpected(std::move(partial.error()));
    add(period, partial->value_or(0) > 0);
  }
  return {};
}

std::set<Period> ChunkFiles::periods() const {
  const std::lock_guard lock(mutex_);
  return periods_;
}

void ChunkFiles::add(Period period, bool partial) {
  const std::lock_guard lock(mutex_);
  periods_.insert(period);
  if (partial) partial_.insert(period);
}

bool ChunkFiles::is_partial(Period period) const {
  const std::lock_guard lock(mutex_);
  return partial_.contains(period);
}

bool ChunkFiles::is_whole(Period period) const {
  const std::lock_guard lock(mutex_);
  return periods_.contains(period) && !partial_.contains(period);
}

std::uint64_t ChunkFiles::removals() const {
  const std::lock_guard lock(mutex_);
  return removals_;
}

void ChunkFiles::remove(Period period) {
  const std::lock_guard lock(mutex_);
  periods_.erase(period);
  partial_.erase(period);
  idle_.erase(period);
  ++removals_;
  std::erase_if(stale_, [&](const auto& stale) { return period_of_stale(stale.slot) == period; });
}

Slot ChunkFiles::first_stale(Period period) const {
  return first_slot(tier_, period) / slots_per_next(tier_);
}

Period ChunkFiles::period_of_stale(Slot next_tier) const {
  return period_of(tier_, next_tier * slots_per_next(tier_));
}

Result<void> ChunkFiles::load_stale(sqlite::Database& database, Period period) {
  auto statement = database.prepare("SELECT host, slot FROM stale");
  if (!statement) return std::unexpected(std::move(statement.error()));
  for (;;) {
    auto more = statement->step();
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return {};
    const HostNumber host{static_cast<std::uint32_t>(statement->integer(0))};
    const std::lock_guard lock(mutex_);
    stale_.insert({first_stale(period) + statement->integer(1), host});
  }
}

// Of the first few hosts, by the key's order: looking at all would read the whole file.
std::optional<units::Instant> ChunkFiles::begin_of(Period period) const {
  constexpr int kHosts = 16;
  std::optional<Slot> first;
  auto lent = borrow(period);
  if (!lent) return std::nullopt;
  {
    auto statement = lent->database.prepare("SELECT min(k) FROM chunk WHERE k >= ?");
    if (!statement) return std::nullopt;
    std::int64_t from = 0;
    for (int n = 0; n < kHosts; ++n) {
      const auto row = statement->bind(1, from).step();
      if (!row || !*row || statement->is_null(0)) break;
      const ChunkKey key = unpack(statement->integer(0));
      statement->reset();
      first = std::min<Slot>(key.slot, first.value_or(key.slot));
      if (domain::index(key.host) == kMaxHost) break;
      from = pack({.host = HostNumber{domain::index(key.host) + 1}});
    }
  }
  give_back(std::move(*lent));
  if (!first) return std::nullopt;
  return slot_begin(tier_, first_slot(tier_, period) + *first);
}

std::vector<TierFile> ChunkFiles::on_disk(bool begins) const {
  std::vector<TierFile> files;
  for (const Period period : periods()) {
    TierFile& file = files.emplace_back(TierFile{.name = {tier_, period}});
    for (const char* suffix : {"", "-wal"}) {
      std::error_code missing;
      const auto bytes = std::filesystem::file_size(path(period).string() + suffix, missing);
      if (!missing) file.bytes += bytes;
    }
    const std::lock_guard lock(mutex_);
    const auto first = stale_.lower_bound({first_stale(period), {}});
    file.stale = tier_ != Tier::hour && first != stale_.end() && period_of_stale(first->slot) == period;
  }
  for (std::size_t n = 0; begins && n < files.size(); ++n) {
    if (n == 0 || n + 2 >= files.size()) files[n].begin = begin_of(files[n].name.period);
  }
  return files;
}

bool ChunkFiles::any_stale(HostNumber host, Slot from, Slot to) const {
  const std::lock_guard lock(mutex_);
  for (Slot slot = from; slot <= to; ++slot) {
    if (stale_.contains({slot, host})) return true;
  }
  return false;
}

bool ChunkFiles::is_stale(HostNumber host, Slot next_tier) const {
  const std::lock_guard lock(mutex_);
  return stale_.contains({next_tier, host});
}

std::vector<StaleSlot> ChunkFiles::stale_before(Slot end, std::size_t limit,
                                                const std::function<bool(const StaleSlot&)>& wanted) const {
  std::vector<StaleSlot> found;
  const std::lock_guard lock(mutex_);
  for (auto it = stale_.begin(); it != stale_.end() && it->slot < end && found.size() < limit; ++it) {
    if (wanted(*it)) found.push_back(*it);
  }
  return found;
}

void ChunkFiles::set_stale(std::span<const StaleSlot> slots) {
  const std::lock_guard lock(mutex_);
  stale_.insert(slots.begin(), slots.end());
}

void ChunkFiles::clear_stale(std::span<const StaleSlot> slots) {
  const std::lock_guard lock(mutex_);
  for (const auto& slot : slots) stale_.erase(slot);
}

void ChunkFiles::forget_stale(HostNumber host) {
  const std::lock_guard lock(mutex_);
  std::erase_if(stale_, [&](const auto& stale) { return stale.host == host; });
}

Result<ChunkFiles::Lent> ChunkFiles::borrow(Period period) const {
  std::uint64_t removals = 0;
  {
    const std::lock_guard lock(mutex_);
    removals = removals_;
    if (const auto it = idle_.find(period); it != idle_.end()) {
      Lent lent{period, removals, std::move(it->second)};
      idle_.erase(it);
      return lent;
    }
  }
  auto opened = sqlite::Database::open(path(period), {.read_only = true, .vfs = vfs_});
  if (!opened && !periods().contains(period)) {
    return units::fail(ErrorCode::not_found, path(period).string() + ": removed just now");
  }
  if (!opened) return std::unexpected(std::move(opened.error()));
  return Lent{period, removals, std::move(*opened)};
}

void ChunkFiles::give_back(Lent lent) const {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdle && lent.removals == removals_) idle_.emplace(lent.period, std::move(lent.database));
}

Result<std::vector<StoredChunk>> ChunkFiles::read(HostNumber host, Slot from, Slot to,
                                                  std::span<const std::uint32_t> groups) const {
  const Period period = period_of(tier_, from);
  if (!periods().contains(period)) return std::vector<StoredChunk>{};
  auto lent = borrow(period);
  if (!lent) return none_if_gone<std::vector<StoredChunk>>(lent.error());
  auto chunks = read_chunks(lent->database, tier_, host, from, to, groups);
  if (chunks) give_back(std::move(*lent));
  return chunks;
}

// What `sql`, whose two parameters are the first and the last key, says of the host's slots in [from, to] of one file.
Result<std::optional<Slot>> ChunkFiles::one_slot(std::string_view sql, HostNumber host, Slot from, Slot to) const {
  const Period period = period_of(tier_, from);
  auto lent = borrow(period);
  if (!lent) return none_if_gone<std::optional<Slot>>(lent.error());
  std::optional<Slot> found;
  {
    auto statement = lent->database.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = bind_slots(*statement, tier_, host, from, to).step();
    if (!row) return std::unexpected(std::move(row.error()));
    if (*row && !statement->is_null(0)) found = first_slot(tier_, period) + unpack(statement->integer(0)).slot;
  }
  give_back(std::move(*lent));
  return found;
}

Result<std::optional<Slot>> ChunkFiles::newest_slot(HostNumber host, Slot before, Period oldest) const {
  const std::set<Period> all = periods();
  for (auto period = all.rbegin(); period != all.rend() && *period >= oldest; ++period) {
    const Slot first = first_slot(tier_, *period);
    if (first >= before) continue;
    const Slot last = std::min(before, first_slot(tier_, *period + 1)) - 1;
    auto found = one_slot("SELECT max(k) FROM chunk WHERE k BETWEEN ? AND ?", host, first, last);
    if (!found || *found) return found;
  }
  return std::nullopt;
}

Result<std::optional<Slot>> ChunkFiles::next_slot(HostNumber host, Slot after) const {
  const std::set<Period> all = periods();
  for (auto period = all.lower_bound(period_of(tier_, after + 1)); period != all.end(); ++period) {
    const Slot first = std::max(after + 1, first_slot(tier_, *period));
    const Slot last = first_slot(tier_, *period + 1) - 1;
    auto found = one_slot("SELECT min(k) FROM chunk WHERE k BETWEEN ? AND ?", host, first, last);
    if (!found || *found) return found;
  }
  return std::nullopt;
}

Result<std::set<Slot>> ChunkFiles::slots(HostNumber host, Slot from, Slot to) const {
  const Period period = period_of(tier_, from);
  std::set<Slot> found;
  if (!periods().contains(period)) return found;
  auto lent = borrow(period);
  if (!lent) return none_if_gone<std::set<Slot>>(lent.error());
  {
    auto statement = lent->database.prepare("SELECT k FROM chunk WHERE k BETWEEN ? AND ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    bind_slots(*statement, tier_, host, from, to);
    for (;;) {
      auto more = statement->step();
      if (!more) return std::unexpected(std::move(more.error()));
      if (!*more) break;
      found.insert(first_slot(tier_, period) + unpack(statement->integer(0)).slot);
    }
  }
  give_back(std::move(*lent));
  return found;
}

// Keys are by host: from each host's slots on to the next host's.
Result<bool> ChunkFiles::any(Slot from, Slot to) const {
  const Period period = period_of(tier_, from);
  if (!periods().contains(period)) return false;
  auto lent = borrow(period);
  if (!lent) return none_if_gone<bool>(lent.error());
  bool found = false;
  {
    auto statement = lent->database.prepare("SELECT min(k) FROM chunk WHERE k >= ?");
    if (!statement) return std::unexpected(std::move(statement.error()));
    const auto first = key_of(tier_, {}, from, 0, 0).slot, last = key_of(tier_, {}, to, 0, 0).slot;
    for (ChunkKey key{.slot = first};;) {
      auto row = statement->bind(1, pack(key)).step();
      if (!row) return std::unexpected(std::move(row.error()));
      if (!*row || statement->is_null(0)) break;
      key = unpack(statement->integer(0));
      statement->reset();
      found = key.slot >= first && key.slot <= last;
      if (found) break;
      const bool next_host = key.slot > last;
      if (next_host && domain::index(key.host) == kMaxHost) break;
      key = {.host = HostNumber{domain::index(key.host) + (next_host ? 1 : 0)}, .slot = first};
    }
  }
  give_back(std::move(*lent));
  return found;
}

}  // namespace vedette::history
