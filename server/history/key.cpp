#include "server/history/key.h"

#include <cstdio>

namespace vedette::history {

std::int64_t pack(const ChunkKey& key) noexcept {
  return static_cast<std::int64_t>((static_cast<std::uint64_t>(domain::index(key.host)) << 35) |
                                   (static_cast<std::uint64_t>(key.slot) << 18) |
                                   (static_cast<std::uint64_t>(key.group) << 8) | key.part);
}

ChunkKey unpack(std::int64_t k) noexcept {
  const auto bits = static_cast<std::uint64_t>(k);
  return {.host = static_cast<domain::HostNumber>((bits >> 35) & kMaxHost),
          .slot = static_cast<std::uint32_t>((bits >> 18) & 0x1FFFF),
          .group = static_cast<std::uint32_t>((bits >> 8) & 0x3FF),
          .part = static_cast<std::uint32_t>(bits & 0xFF)};
}

ChunkKey raw_key(domain::HostNumber host, Slot slot, std::uint32_t group, std::uint32_t part) noexcept {
  return {
      .host = host, .slot = static_cast<std::uint32_t>(slot - first_slot(day_of(slot))), .group = group, .part = part};
}

std::string raw_file_name(Day day) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char name[32];
  std::snprintf(name, sizeof name, "raw-%04d%02u%02u.db", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return name;
}

std::optional<Day> parse_raw_file_name(std::string_view name) {
  if (name.size() != 15 || !name.starts_with("raw-") || !name.ends_with(".db")) return std::nullopt;
  int digits = 0;
  for (const char c : name.substr(4, 8)) {
    if (c < '0' || c > '9') return std::nullopt;
    digits = digits * 10 + (c - '0');
  }
  const std::chrono::year_month_day date{std::chrono::year{digits / 10'000},
                                         std::chrono::month{static_cast<unsigned>(digits / 100 % 100)},
                                         std::chrono::day{static_cast<unsigned>(digits % 100)}};
  if (!date.ok()) return std::nullopt;
  return static_cast<Day>(std::chrono::sys_days{date}.time_since_epoch().count());
}

}  // namespace vedette::history
