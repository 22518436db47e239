// The writer's half of Store, and what it does before it starts: loading and replaying.
#include <algorithm>
#include <map>
#include <set>

#include "schema/units/log.h"
#include "server/history/store.h"

namespace vedette::history {

using domain::HostNumber;
using units::Result;

// Without live.db a new one would number series from 0 again, and chunks would answer under wrong names.
Result<void> Store::check_complete() const {
  std::error_code error;
  if (std::filesystem::exists(options_.directory / "live.db", error)) return {};
  for (const auto& entry : std::filesystem::directory_iterator(options_.directory, error)) {
    const std::string name = entry.path().filename().string();
    if (!parse_file_name(name)) continue;
    return units::fail(
        units::ErrorCode::corrupt,
        (options_.directory / "live.db").string() + ": missing, but " + name +
            " is there, and nothing else tells which series its chunks hold; restore live.db from a "
            "backup, or move all raw-*.db, 1m-*.db and 1h-*.db away to start without history. Nothing was changed");
  }
  return {};
}

Result<void> Store::load() {
  if (auto complete = check_complete(); !complete) return complete;
  if (auto ours = LiveDb::check_version(options_.directory, options_.vfs); !ours) return ours;
  for (const Tier tier : kTiers) {
    if (auto whole = files_.of(tier).check(); !whole) return whole;
  }
  auto database = LiveDb::open(options_.directory, options_.vfs, true);
  if (!database) return std::unexpected(std::move(database.error()));
  write_db_.emplace(std::move(*database));
  for (const Tier tier : kTiers) {
    if (auto scanned = files_.of(tier).scan(); !scanned) return scanned;
  }
  for (const Tier tier : {Tier::minute, Tier::hour}) mark_missing(tier);
  auto registry = write_db_->load_registry();
  if (!registry) return std::unexpected(std::move(registry.error()));
  if (auto loaded = registry_.load(*registry); !loaded) return loaded;
  auto marks = write_db_->load_marks();
  if (!marks) return std::unexpected(std::move(marks.error()));
  for (const auto& mark : *marks) intake_.load(mark);
  if (auto replayed = replay(); !replayed) return replayed;
  if (auto looked = look_ahead(*registry); !looked) return looked;
  auto sealer = LiveDb::open(options_.directory, options_.vfs, false);
  if (!sealer) return std::unexpected(std::move(sealer.error()));
  seal_db_.emplace(std::move(*sealer));
  return {};
}

Result<void> Store::replay() {
  auto forgotten = write_db_->load_forgotten();
  if (!forgotten) return std::unexpected(std::move(forgotten.error()));
  std::map<HostNumber, std::int64_t> gone;
  for (const auto& [host, through] : *forgotten) {
    gone[host] = through;
    last_row_ = std::max(last_row_, through);
  }
  return write_db_->read_rows([&](std::int64_t id, sqlite::Blob bytes) -> Result<void> {
    auto batches = decode_row(bytes);
    if (!batches) {
      batches.error().message = (options_.directory / "live.db").string() + ": " + batches.error().message;
      return std::unexpected(std::move(batches.error()));
    }
    std::vector<Accepted> accepted;
    for (auto& batch : *batches) {
      if (const auto it = gone.find(batch.host); it != gone.end() && id <= it->second) continue;
      if (batch.ticks.empty()) continue;
      intake_.load({{batch.host, batch.stream, batch.first + batch.ticks.size() - 1}, clock_.now()});
      for (const auto& tick : batch.ticks) registry_.seen(batch.host, tick.at, epoch_of(tick.boot));
      accepted.push_back({std::make_shared<const domain::Batch>(std::move(batch)), 0, 0});
    }
    open_.append(id, accepted, clock_.now(), clock_.steady());
    last_row_ = std::max(last_row_, id);
    return {};
  });
}

// Sealed ticks that lie ahead of the clock: it was set back while the collector was down.
Result<void> Store::look_ahead(const RegistryRows& known) {
  const Slot now = slot_of(clock_.now());
  if (const auto days = files_.of(Tier::raw).periods(); days.empty() || *days.rbegin() < day_of(now)) return {};
  std::set<HostNumber> hosts;
  for (const auto& row : known.series) hosts.insert(row.host);
  for (const HostNumber host : hosts) {
    const auto slot = files_.of(Tier::raw).newest_slot(host, slot_of(kEndInstant), day_of(now));
    if (!slot) return std::unexpected(slot.error());
    if (!*slot || **slot < now) continue;
    auto read = reader_.read({host, **slot, **slot}, {}, [&](const Rows& rows) -> Result<void> {
      for (std::size_t n = 0; n < rows.times.size(); ++n) {
        registry_.seen(host, units::from_unix_ms(rows.times[n]), epoch_of(rows.boots[n]));
      }
      return {};
    });
    if (!read) return read;
  }
  return {};
}

void Store::write_loop() {
  units::Steady next = std::chrono::steady_clock::now() + options_.commit_every;
  bool running = true;
  while (running) {
    turned();
    running = intake_.wait(next);
    for (const auto& task : intake_.take_tasks()) task();
    if (running) wait_for_sealer();
    // The last commit is tried on a full disk too: what it holds is in memory only.
    if (running && space_.low()) {
      (void)intake_.take();  // so that more that comes doesn't wake us
      intake_.failed();
    } else {
      commit();
    }
    next = std::chrono::steady_clock::now() + options_.commit_every;
  }
}

// Back-pressure: while the log or the open chunks are too large, batches stay in the bounded intake. The sealer, which
// outlives the writer, counts a round at least every checkpoint_every.
void Store::wait_for_sealer() {
  const auto behind = [this] {
    return log_backlog_.load() > options_.log_pages || open_.counts().bytes > options_.open_bytes;
  };
  for (;;) {
    const std::uint64_t round = seal_rounds_;
    if (!behind() || intake_.closed()) return;
    turned();
    for (const auto& task : intake_.take_tasks()) task();
    seal_rounds_.wait(round);
  }
}

Result<void> Store::commit_row(std::span<const Accepted> batches) {
  // After the batches were taken: whatever series and boots they use is on the list by now.
  const RegistryRows unsaved = registry_.unsaved();
  if (batches.empty() && unsaved.empty()) return {};
  const std::string row = batches.empty() ? std::string() : encode_row(batches);
  if (auto done = write_db_->commit(last_row_ + 1, row, unsaved); !done) return done;
  registry_.saved(unsaved);
  if (batches.empty()) return {};
  ++last_row_;
  ++commits_;
  for (const Accepted& one : batches) ticks_ += one.batch->ticks.size() - one.skip;
  step(Step::row_committed);
  return {};
}

void Store::commit() {
  const std::vector<Accepted> batches = intake_.take();
  if (auto done = commit_row(batches); !done) {
    ++failed_commits_;
    if (trouble_.failed(Trouble::Part::writing, clock_.now(), done.error().message)) {
      units::log_error("history can't be written; ticks wait in memory and at the agents",
                       {{"error", done.error().message}});
    }
    intake_.failed();
    return;
  }
  if (trouble_.well(Trouble::Part::writing)) units::log(units::Level::notice, "history is written again");
  // What is durable is told at once; that it can be sealed from now on concerns nobody else.
  const auto marks = intake_.durable();
  if (committed_ && !marks.empty()) committed_(marks);
  if (!batches.empty()) open_.append(last_row_, batches, clock_.now(), clock_.steady());
  if (intake_.committed() && room_) room_();
}

}  // namespace vedette::history
