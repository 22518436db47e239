#include "server/history/retention.h"

#include <algorithm>
#include <numeric>

namespace vedette::history {
namespace {

constexpr units::Milliseconds kWaitForBuilding{std::chrono::days{7}};
constexpr units::Milliseconds kWritten{std::chrono::minutes{10}};  // a file's last chunks come so long after its end

constexpr std::size_t at(Tier tier) noexcept {
  return static_cast<std::size_t>(tier);
}

units::Instant begin_of(FileName name) noexcept {
  return slot_begin(name.tier, first_slot(name.tier, name.period));
}

units::Instant end_of(FileName name) noexcept {
  return begin_of({name.tier, name.period + 1});
}

double days(units::Milliseconds time) noexcept {
  return static_cast<double>(time.count()) / 86'400'000;
}

// From the newest period that is over, else from what there is of the present one: the host count of long ago says
// nothing.
double bytes_per_day(std::span<const TierFile> files, Tier tier, units::Instant now) {
  const TierFile* newest = nullptr;
  const auto rate = [&](const TierFile& file) {
    const units::Milliseconds covered = std::min(now, end_of(file.name)) - std::max(*file.begin, begin_of(file.name));
    return static_cast<double>(file.bytes) / std::max(days(covered), days(slot_length(tier)));
  };
  for (const TierFile& file : files) {
    if (file.name.tier != tier || !file.begin || *file.begin >= now) continue;
    const bool over = end_of(file.name) <= now;
    if (newest == nullptr || over || end_of(newest->name) > now) newest = &file;
  }
  return newest == nullptr ? 0 : rate(*newest);
}

}  // namespace

std::uint64_t bytes_of(std::span<const TierFile> files) noexcept {
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const TierFile& file) { return sum + file.bytes; });
}

std::vector<FileName> expired(std::span<const TierFile> files, const Keep& keep, std::uint64_t others,
                              units::Instant now) {
  std::vector<TierFile> left(files.begin(), files.end());
  std::ranges::sort(left, {}, [](const TierFile& file) { return std::pair(file.name.tier, file.name.period); });
  std::vector<FileName> gone;
  std::erase_if(left, [&](const TierFile& file) {
    const auto age = keep.ages[at(file.name.tier)] + (file.stale ? kWaitForBuilding : units::Milliseconds{0});
    const bool old = now - end_of(file.name) >= age;
    if (old) gone.push_back(file.name);
    return old;
  });
  std::uint64_t bytes = bytes_of(left) + others;
  for (const bool stale : {false, true}) {
    for (const TierFile& file : left) {
      if (!keep.budget || bytes <= *keep.budget) return gone;
      if (file.stale != stale || now - end_of(file.name) < kWritten) continue;
      gone.push_back(file.name);
      bytes -= std::min(bytes, file.bytes);
    }
  }
  return gone;
}

domain::HistoryBudget forecast(std::span<const TierFile> files, const Keep& keep, std::uint64_t others,
                               units::Instant now) {
  domain::HistoryBudget budget{.bytes = keep.budget, .used = bytes_of(files) + others, .tiers = {}};
  for (const Tier tier : kTiers) {
    domain::HistoryBudget::Tier one{
        .name = std::string(name_of(tier)), .keep = keep.ages[at(tier)], .holds = keep.ages[at(tier)]};
    for (const TierFile& file : files) {
      if (file.name.tier != tier) continue;
      one.bytes += file.bytes;
      if (file.begin) one.oldest = std::min(*file.begin, one.oldest.value_or(*file.begin));
    }
    one.bytes_per_day = bytes_per_day(files, tier, now);
    budget.tiers.push_back(std::move(one));
  }
  if (!keep.budget) return budget;
  // As expired() does: all that is too much is taken from the finest first.
  double over = static_cast<double>(others) - static_cast<double>(*keep.budget);
  for (const auto& tier : budget.tiers) over += tier.bytes_per_day * days(tier.keep);
  for (auto& tier : budget.tiers) {
    if (over <= 0 || tier.bytes_per_day <= 0) continue;
    const double taken = std::min(over / tier.bytes_per_day, days(tier.keep));
    tier.holds = tier.keep - units::Milliseconds(static_cast<std::int64_t>(taken * 86'400'000));
    over -= taken * tier.bytes_per_day;
  }
  return budget;
}

}  // namespace vedette::history
