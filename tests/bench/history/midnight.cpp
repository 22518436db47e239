#include "tests/bench/history/midnight.h"

#include <algorithm>

#include "tests/bench/history/figures.h"

namespace vedette::bench {
namespace {

constexpr std::int64_t kMidnight = kDay;
constexpr std::int64_t kExpiring = kMidnight - 15 * 86'400'000LL;  // a day whose file has its full age at midnight
constexpr std::size_t kFewHosts = 100, kLateHosts = 200;
constexpr std::int64_t kParts = 9;  // so many of a slot are merged

constexpr Times kTicks{.start = kMidnight - Midnight::kSlotSeconds * 1000, .length = Midnight::kSlotSeconds};

constexpr std::int64_t slot_second(std::int64_t second) {
  return Midnight::kSlotSeconds - Midnight::kBefore + second;
}

// Every ninth second of a slot that was sealed long ago.
constexpr Times late_part(std::int64_t part) {
  constexpr std::int64_t kOfAPart = 60;
  return {.start = kMidnight - 3 * Midnight::kSlotSeconds * 1000 + part * 1000,
          .length = kParts * kOfAPart,
          .apart = kParts,
          .ticks = kOfAPart,
          .stream = static_cast<std::uint64_t>(part + 2),
          .live = false};
}

}  // namespace

Midnight::Midnight(const Recording& recording, std::size_t hosts, const std::filesystem::path& directory)
    : clock_(kExpiring), hosts_(hosts_of(recording, hosts)), late_(hosts_of(recording, std::min(kLateHosts, hosts))) {
  auto options = options_in(directory);
  watch_.attach(options);
  store_ = opened(options, clock_, [this](auto) { watch_.tell(); });
  announce(*store_, hosts);
  auto few = hosts_of(recording, std::min(kFewHosts, hosts));
  (void)feed(*store_, clock_, few, {.start = kExpiring, .length = kSlotSeconds, .ticks = 60, .stream = 1'000});
  finish(*store_);
  for (std::int64_t part = 0; part + 1 < kParts; ++part) {
    (void)feed(*store_, clock_, late_, late_part(part));
    finish(*store_);
  }
  // Five seconds a commit are quicker than one, and the rows are as many bytes.
  Times before = kTicks;
  before.length = slot_second(0);
  before.ticks = 5;
  (void)feed(*store_, clock_, hosts_, before);
  before_ = store_->counts();
}

std::vector<domain::SharedBatch> Midnight::ticks(std::int64_t second) {
  return made(hosts_, kTicks, slot_second(second));
}

std::vector<domain::SharedBatch> Midnight::late_ticks() {
  return made(late_, late_part(kParts - 1), 0);
}

void Midnight::pass(std::int64_t second) {
  clock_.set(kTicks.start + (slot_second(second) + 1) * 1000);
}

void Midnight::check() const {
  const auto counts = store_->counts();
  if (counts.failed_commits > 0 || counts.failed_seals > 0) give_up(store_->trouble());
  if (counts.sealed_chunks < before_.sealed_chunks + hosts_.size() + late_.size())
    give_up("not all was sealed in time");
  if (counts.built_slots == before_.built_slots) give_up("no minutes were built in time");
  if (counts.expired_files == before_.expired_files) give_up("no file went for its age in time");
}

}  // namespace vedette::bench
