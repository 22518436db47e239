// The sealer's half of Store.
#include <algorithm>

#include "schema/units/log.h"
#include "server/history/rows.h"
#include "server/history/store.h"

namespace vedette::history {

using domain::HostNumber;
using units::Result;

namespace {

constexpr std::size_t kChunksPerCommit = 256;

}  // namespace

void Store::seal_loop() {
  while (!sealer_tasks_.closed()) {
    if (auto task = sealer_tasks_.pop_for(options_.checkpoint_every)) (*task)();
    watch_space();
    (void)seal(false);
    if (!space_.low()) (void)build_tiers(false);
    retain();
    checkpoint();
    ++seal_rounds_;
    seal_rounds_.notify_all();
  }
  while (auto task = sealer_tasks_.pop()) (*task)();
}

// A crash between the commit of chunks and the deletion of their write-ahead rows leaves ticks in both places: those
// that a file holds already are left out.
Result<Rows> Store::sealed_ticks(HostNumber host, Slot slot) {
  static constexpr std::uint32_t kFirstGroup[] = {0};
  auto stored = files_.of(Tier::raw).read(host, slot, slot, kFirstGroup);
  if (!stored) return std::unexpected(std::move(stored.error()));
  if (stored->empty()) return Rows{};
  RowMerger merger({});
  if (auto added = merger.add(*stored); !added) {
    // A chunk's own damage doesn't reach the file: late ticks of the slot become a further part all the same.
    report_damage(added.error().message);
  }
  return std::move(merger).merge();
}

Result<void> Store::seal_day(Day day, std::span<const SharedChunk> chunks) {
  std::vector<EncodedChunk> encoded;
  for (const auto& chunk : chunks) {
    auto known = sealed_ticks(chunk->host, chunk->slot);
    if (!known) return std::unexpected(std::move(known.error()));
    auto one = encode_chunk(*chunk, registry_.reals(chunk->host), *known);
    if (!one) return std::unexpected(std::move(one.error()));
    if (!one->groups.empty()) encoded.push_back(std::move(*one));
  }
  if (encoded.empty()) return {};
  return writer(Tier::raw).add(day, encoded, [this] { step(Step::chunks_written); });
}

void Store::report_damage(const std::string& words) {
  ++damages_;
  if (trouble_.failed(Trouble::Part::damage, clock_.now(), words)) {
    units::log_error("history was found damaged", {{"error", words}});
  }
}

// A file that can't be read any more must not keep all others from being written: it is moved away under a name that
// keeps what is left of it, and its period goes on in a new one.
Result<void> Store::or_set_aside(Tier tier, Period period, const std::function<Result<void>()>& write) {
  auto done = write();
  if (done || done.error().code != units::ErrorCode::corrupt) return done;
  auto aside = writer(tier).set_aside(period);
  if (!aside) return std::unexpected(std::move(aside.error()));
  report_damage(done.error().message + "; it was renamed to " + aside->filename().string() +
                " and what is new goes into a new file");
  if (tier != Tier::raw) mark_again(tier, period);
  return write();
}

Result<void> Store::drop_rows() {
  const std::int64_t below = open_.needed_from();
  if (below <= dropped_below_) return {};
  // Marks before rows in time: a mark read now covers every row below.
  const auto marks = intake_.unsaved_marks();
  const auto dropped = intake_.dropped();
  const units::Instant expire = clock_.now() - options_.streams_kept;
  if (auto done = seal_db_->drop_rows(below, marks, dropped, expire); !done) return done;
  intake_.saved(marks, dropped.size());
  intake_.expire(expire);
  dropped_below_ = below;
  step(Step::rows_dropped);
  return {};
}

// Day by day: one whose file can't be read or written keeps no other from being sealed.
Result<void> Store::seal_some(std::span<const SharedChunk> chunks) {
  Result<void> all;
  std::vector<SharedChunk> sealed;
  for (auto from = chunks.begin(); from != chunks.end();) {
    const Day day = day_of((*from)->slot);
    const auto to = std::find_if(from, chunks.end(), [&](const auto& chunk) { return day_of(chunk->slot) != day; });
    const std::span some(from, to);
    auto done = or_set_aside(Tier::raw, day, [&] { return seal_day(day, some); });
    auto& where = done ? sealed : unsealed_;
    where.insert(where.end(), from, to);
    if (!done && all) all = std::move(done);
    from = to;
  }
  if (sealed.empty()) return all;
  step(Step::chunks_committed);
  open_.sealed(sealed);
  sealed_chunks_ += sealed.size();
  auto dropped = drop_rows();
  return all ? dropped : all;
}

// First what couldn't be sealed before, a commit's worth if that fails again; then what is due now.
Result<void> Store::seal_due(bool all) {
  Result<void> before;
  while (before && !unsealed_.empty()) {
    const auto end = unsealed_.begin() + static_cast<std::ptrdiff_t>(std::min(kChunksPerCommit, unsealed_.size()));
    const std::vector<SharedChunk> some(unsealed_.begin(), end);
    unsealed_.erase(unsealed_.begin(), end);
    before = seal_some(some);
  }
  for (;;) {
    const auto due = open_.take_due(clock_.now(), clock_.steady(), kChunksPerCommit, all);
    if (due.empty()) return before;
    if (auto done = seal_some(due); !done) return before ? done : before;
  }
}

bool Store::seal(bool all) {
  if (auto done = seal_due(all); !done) {
    ++failed_seals_;
    if (trouble_.failed(Trouble::Part::sealing, clock_.now(), done.error().message)) {
      units::log_error("history can't be sealed; it stays in live.db", {{"error", done.error().message}});
    }
    return false;
  }
  if (trouble_.well(Trouble::Part::sealing)) units::log(units::Level::notice, "history is sealed again");
  return true;
}

void Store::watch_space() {
  const bool recovered = space_.look();
  if (space_.low() && trouble_.failed(Trouble::Part::space, clock_.now(), space_.words())) {
    units::log_error("history is not being stored; ticks wait in memory and at the agents",
                     {{"reason", space_.words()}});
  }
  if (!recovered) return;
  (void)trouble_.well(Trouble::Part::space);
  units::log(units::Level::notice, "there is room on the disk again; history is stored");
}

void Store::checkpoint() {
  const auto done = seal_db_->checkpoint();
  // A full disk shows at the commits too; here only the backlog matters.
  if (done) log_backlog_ = done->log_pages - done->copied_pages;
}

}  // namespace vedette::history
