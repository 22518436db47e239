#include "agent/watch/unit_watch.h"

#include <utility>

namespace vedette::watch {

std::uint64_t UnitWatch::next_id(const std::string& who) {
  return takes_ == 1 ? id_of(boot_, "unit " + who) : id_of(run_, "unit " + std::to_string(++told_));
}

void UnitWatch::tell(const Names& names, const Names& others, std::string_view kind, std::string_view words,
                     units::Instant now, std::vector<Happening>& into) {
  const auto add = [&](const std::string& who, std::uint64_t count) {
    into.push_back({.at = now,
                    .kind = std::string(kind),
                    .text = one_line(who + std::string(words)),
                    .count = count,
                    .id = next_id(who)});
  };
  std::size_t found = 0;
  for (const std::string& name : names) {
    if (!others.contains(name) && ++found <= kMost) add(name, 1);
  }
  if (found > kMost) add(std::to_string(found - kMost) + " more", found - kMost);
}

std::vector<Happening> UnitWatch::take(const std::vector<std::string>& failed, units::Instant now, bool booted) {
  Names present(failed.begin(), failed.end());
  std::vector<Happening> all;
  const bool quiet = ++takes_ == 1 && !booted;
  if (!quiet) {
    tell(present, known_, "unit_failed", " failed", now, all);
    tell(known_, present, "unit_recovered", " is no longer failed", now, all);
  }
  known_ = std::move(present);
  return all;
}

}  // namespace vedette::watch
