#include "server/history/check.h"

#include <map>

#include "schema/chunk/chunk.h"
#include "schema/sql/migrations.h"
#include "server/history/ahead.h"
#include "server/history/live_db.h"
#include "server/history/rows.h"
#include "server/history/tier_codec.h"
#include "server/sqlite/copy.h"

namespace vedette::history {

using units::ErrorCode;
using units::Result;

namespace {

/// What all files have in common: opening, one moment, pages. False: there is nothing more to look at.
Result<bool> begin(sqlite::Database& database, std::int64_t newest, sqlite::Depth depth, Checked& out) {
  if (auto begun = database.execute("BEGIN"); !begun) return std::unexpected(std::move(begun.error()));
  auto newer = sqlite::newer_schema(database, newest);
  if (!newer) return std::unexpected(std::move(newer.error()));
  if (!newer->empty()) {
    out.damage.push_back({.chunk = {}, .words = *newer});
    return false;
  }
  auto faults = sqlite::faults_of(database, depth);
  if (!faults && faults.error().code != ErrorCode::corrupt) return std::unexpected(std::move(faults.error()));
  if (!faults) faults = std::vector{std::move(faults.error().message)};  // damage that stops SQLite's look, not ours
  for (auto& fault : *faults) out.damage.push_back({.chunk = {}, .words = std::move(fault)});
  return true;
}

// Damage is what is looked for; everything else keeps from looking.
Result<void> note(Checked& out, Result<void> done) {
  if (done || done.error().code != ErrorCode::corrupt) return done;
  out.damage.push_back({.chunk = {}, .words = std::move(done.error().message)});
  return {};
}

Result<void> read_rows(LiveDb& live, Checked& out) {
  return live.read_rows([&](std::int64_t id, sqlite::Blob bytes) -> Result<void> {
    ++out.rows;
    if (auto row = decode_row(bytes); !row) {
      out.damage.push_back({.chunk = {}, .words = "row " + std::to_string(id) + ": " + row.error().message});
    }
    return {};
  });
}

Result<void> read_live(sqlite::Database& database, Checked& out) {
  const std::int64_t newest = sql::history_migrations().back().number;
  auto on = begin(database, newest, sqlite::Depth::full, out);
  if (!on) return std::unexpected(std::move(on.error()));
  if (!*on) return {};
  const auto version = database.scalar("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  LiveDb live = LiveDb::over(std::move(database));
  if (auto read = read_rows(live, out); !read) return read;
  // An older one lacks tables until the collector brings it up to date.
  if (version->value_or(0) != newest) return {};
  if (auto registry = live.load_registry(); !registry) return std::unexpected(std::move(registry.error()));
  if (auto marks = live.load_marks(); !marks) return std::unexpected(std::move(marks.error()));
  if (auto forgotten = live.load_forgotten(); !forgotten) return std::unexpected(std::move(forgotten.error()));
  return {};
}

class ChunkCheck {
 public:
  ChunkCheck(sqlite::Database& database, FileName name, Checked& out) : database_(database), name_(name), out_(out) {}

  Result<void> run() {
    auto on = begin(database_, sql::chunks_migrations().back().number, sqlite::Depth::quick, out_);
    if (!on) return std::unexpected(std::move(on.error()));
    if (!*on) return {};
    // A collector that is just making the file has created no table yet.
    const auto tables = database_.scalar("SELECT count(*) FROM sqlite_schema");
    if (!tables) return std::unexpected(tables.error());
    if (tables->value_or(0) == 0) return {};
    auto forward = scan("SELECT k, v FROM chunk WHERE k > ? ORDER BY k");
    if (forward || forward.error().code != ErrorCode::corrupt) return forward;
    const auto before = last_;
    auto backward = scan("SELECT k, v FROM chunk WHERE k > ? ORDER BY k DESC");
    if (!backward && backward.error().code != ErrorCode::corrupt) return backward;
    std::string words = before ? "chunks behind " + words_of(*before) : "chunks from the beginning on";
    if (last_ != before) words += " and before " + words_of(*last_);
    out_.damage.push_back({.chunk = {}, .words = words + " can't be read: " + forward.error().message});
    return {};
  }

 private:
  // From the last one that was read on.
  Result<void> scan(std::string_view sql) {
    auto statement = database_.prepare(sql);
    if (!statement) return std::unexpected(std::move(statement.error()));
    statement->bind(1, last_.value_or(0));
    for (;;) {
      auto more = statement->step();
      if (!more) return std::unexpected(std::move(more.error()));
      if (!*more) return {};
      last_ = statement->integer(0);
      ++out_.chunks;
      if (auto words = fault_of(unpack(*last_), statement->blob(1)); !words.empty()) {
        out_.damage.push_back({.chunk = place_of(*last_), .words = std::move(words)});
      }
    }
  }

  [[nodiscard]] ChunkPlace place_of(std::int64_t k) const {
    const ChunkKey key = unpack(k);
    return {key.host, slot_begin(name_.tier, first_slot(name_.tier, name_.period) + key.slot), key.group, key.part};
  }

  [[nodiscard]] std::string words_of(std::int64_t k) const {
    const ChunkPlace place = place_of(k);
    return "host " + std::to_string(domain::index(place.host)) + ", " + units::date_utc(place.begin);
  }

  // Empty if it is whole, lies in its slot and has the ticks that the other groups of its part have.
  std::string fault_of(const ChunkKey& key, sqlite::Blob bytes) {
    auto table = chunk::decode(bytes, name_.tier == Tier::raw ? kChunkLimits : kTierLimits);
    if (!table) return std::move(table.error().message);
    const auto begin = place_of(pack(key)).begin;
    const auto end = begin + slot_length(name_.tier);
    for (const auto time : table->times) {
      if (time < units::unix_ms(begin) || time >= units::unix_ms(end)) return "holds what isn't of its time";
    }
    if (key.host != host_ || key.slot != slot_) times_.clear();
    host_ = key.host;
    slot_ = key.slot;
    const auto known = times_.try_emplace(key.part, table->times);
    return known.first->second == table->times ? "" : "groups of a chunk differ in their ticks";
  }

  sqlite::Database& database_;
  const FileName name_;
  Checked& out_;
  std::optional<std::int64_t> last_;
  domain::HostNumber host_{};
  std::uint32_t slot_ = 0;
  std::map<std::uint32_t, std::vector<std::int64_t>> times_;  ///< of the slot looked at, by part
};

Result<sqlite::Database> open(const std::filesystem::path& file, Use use) {
  return sqlite::Database::open(file, {.read_only = true, .immutable = use == Use::copy});
}

template <class Check>
Result<Checked> checked(const std::filesystem::path& file, Use use, Check check) {
  Checked out;
  auto database = open(file, use);
  Result<void> done = database ? check(*database, out) : std::unexpected(std::move(database.error()));
  if (auto noted = note(out, std::move(done)); !noted) return std::unexpected(std::move(noted.error()));
  return out;
}

}  // namespace

Result<Checked> check_live(const std::filesystem::path& file, Use use) {
  return checked(file, use, read_live);
}

Result<Checked> check_chunks(const std::filesystem::path& file, FileName name, Use use) {
  return checked(file, use,
                 [name](sqlite::Database& database, Checked& out) { return ChunkCheck(database, name, out).run(); });
}

}  // namespace vedette::history
