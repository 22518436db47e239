#include "server/history/lacks.h"

#include <algorithm>
#include <utility>

namespace vedette::history {

void Lacks::add(Why why, std::int64_t from, std::int64_t to, Tier tier) {
  if (!all_.empty()) {
    Stretch& before = all_.back();
    const bool same = before.why == why && before.tier == tier;
    if (same && from <= before.to && to >= before.from) {
      before.from = std::min(before.from, from);
      before.to = std::max(before.to, to);
      return;
    }
  }
  all_.push_back({why, from, to, tier});
}

std::vector<domain::Incomplete> Lacks::within(std::int64_t from, std::int64_t to) && {
  std::erase_if(all_, [&](const Stretch& one) { return one.to <= from || one.from > to; });
  const auto kind = [](const Stretch& one) { return std::pair(one.why, one.tier); };
  std::ranges::sort(all_, {}, [&](const Stretch& one) { return std::pair(kind(one), one.from); });
  for (const auto& one : std::exchange(all_, {})) add(one.why, one.from, one.to, one.tier);
  std::ranges::stable_sort(all_, {}, &Stretch::from);
  std::vector<domain::Incomplete> found;
  for (const auto& one : all_) {
    const auto begin = units::from_unix_ms(std::max(one.from, from)), end = units::from_unix_ms(std::min(one.to, to));
    if (found.size() < kMost) {
      found.push_back({one.why, begin, end, std::string(name_of(one.tier))});
    } else {
      found.back().to = std::max(found.back().to, end);
    }
  }
  return found;
}

}  // namespace vedette::history
