// The sealer removes files for their age, for the budget, or to make room on a full disk.
#include <algorithm>

#include "schema/units/log.h"
#include "server/history/store.h"

namespace vedette::history {
namespace {

constexpr std::chrono::hours kClockDoubt{24};  // how long nothing goes for its age after the clock jumped …
constexpr std::chrono::hours kJump{1};         // … ahead by more than this, …
constexpr std::chrono::days kAway{7};          // … or was ahead of all history by more than this at the start

}  // namespace

std::vector<TierFile> Store::files_on_disk(bool begins) const {
  std::vector<TierFile> files;
  for (const Tier tier : kTiers) std::ranges::move(files_.of(tier).on_disk(begins), std::back_inserter(files));
  return files;
}

// Whatever else of history counts against the budget.
std::uint64_t Store::others_on_disk() const {
  std::uint64_t bytes = 0;
  for (const char* name : {"live.db", "live.db-wal", "reserve"}) {
    std::error_code missing;
    const auto size = std::filesystem::file_size(options_.directory / name, missing);
    if (!missing) bytes += size;
  }
  return bytes;
}

domain::HistoryBudget Store::budget() const {
  return forecast(files_on_disk(true), options_.keep, others_on_disk(), clock_.now());
}

std::uint64_t Store::disk_bytes() const {
  return bytes_of(files_on_disk(false)) + others_on_disk();
}

// A clock that jumps ahead makes all history look old. It may be right: then it is still there a day later.
bool Store::doubts_clock(units::Steady steady, units::Instant now) {
  std::optional<std::string> why;
  if (!retained_) {
    const auto periods = files_.of(Tier::raw).periods();
    const auto newest = periods.empty() ? now : slot_begin(Tier::raw, first_slot(Tier::raw, *periods.rbegin() + 1));
    if (now - newest > kAway) why = "no history is younger than " + units::spoken_duration(now - newest);
  } else if (const auto jumped = (now - retained_->second) - (steady - retained_->first); jumped > kJump) {
    why = "the clock was set ahead by " + units::spoken_duration(std::chrono::floor<units::Milliseconds>(jumped));
  }
  retained_ = {steady, now};
  if (why) {
    doubted_until_ = steady + kClockDoubt;
    units::log_warning("nothing is removed for its age within a day, in case the clock is wrong", {{"reason", *why}});
  }
  return doubted_until_ && steady < *doubted_until_;
}

void Store::retain() {
  const units::Steady steady = clock_.steady();
  if (retained_ && steady - retained_->first < options_.retain_every) return;
  Keep keep = options_.keep;
  if (doubts_clock(steady, clock_.now())) keep.ages.fill(units::Milliseconds::max() / 4);
  auto gone = expired(files_on_disk(false), keep, others_on_disk(), clock_.now());
  if (!space_.low()) shed_ = false;
  if (space_.low() && gone.empty() && !std::exchange(shed_, true)) {
    // A full disk: the oldest samples make room for the newest, one file each time that it gets full.
    keep.budget = 0;
    gone = expired(files_on_disk(false), keep, 0, clock_.now());
    if (gone.size() > 1) gone.resize(1);
    std::erase_if(gone, [](const FileName& file) { return file.tier != Tier::raw; });
  }
  for (const FileName& file : gone) {
    const std::string name = file_name(file.tier, file.period);
    if (auto done = writer(file.tier).unlink(file.period); !done) {
      units::log_error(
          "old history can't be removed and takes room that the budget doesn't give it; remove the file by hand",
          {{"file", name}, {"error", done.error().message}});
      continue;
    }
    ++expired_files_;
    step(Step::file_removed);
    units::log(units::Level::notice, "old history was removed", {{"file", name}});
  }
}

}  // namespace vedette::history
