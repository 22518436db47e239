#include "server/history/key.h"

#include <algorithm>
#include <array>

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

namespace {

using std::chrono::sys_days;

struct Shape {
  std::string_view name;
  units::Milliseconds row, slot;
  std::int64_t slots_per_next;
};
constexpr std::array<Shape, 3> kShapes{{{"raw", units::Milliseconds{0}, kSlotLength, 6},
                                        {"1m", std::chrono::minutes(1), std::chrono::hours(1), 24},
                                        {"1h", std::chrono::hours(1), std::chrono::hours(24), 1}}};

const Shape& shape(Tier tier) noexcept {
  return kShapes[static_cast<std::size_t>(tier)];
}

constexpr int kFirstYear = 1970;

std::chrono::year_month_day first_day(Tier tier, Period period) noexcept {
  using std::chrono::day, std::chrono::month, std::chrono::year;
  if (tier == Tier::raw) return sys_days{std::chrono::days{period}};
  if (tier == Tier::minute)
    return {year{kFirstYear + period / 12}, month{static_cast<unsigned>(period % 12) + 1}, day{1}};
  return {year{kFirstYear + period}, month{1}, day{1}};
}

// The whole text as a number of so many digits.
std::optional<int> number(std::string_view text, std::size_t digits) noexcept {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() != digits || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  int n = 0;
  for (const char c : text) n = n * 10 + (c - '0');
  return n;
}

std::string padded(unsigned n, std::size_t digits) {
  const std::string text = std::to_string(n);
  return std::string(digits - std::min(digits, text.size()), '0') + text;
}

// Absent unless the date is one and no earlier than the epoch.
std::optional<Period> period_of_date(Tier tier, int year, int month, int day) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok() || year < kFirstYear) return std::nullopt;
  if (tier == Tier::minute) return (year - kFirstYear) * 12 + month - 1;
  if (tier == Tier::hour) return year - kFirstYear;
  return static_cast<Period>(sys_days{date}.time_since_epoch().count());
}

}  // namespace

std::string_view name_of(Tier tier) noexcept {
  return shape(tier).name;
}

units::Milliseconds row_length(Tier tier) noexcept {
  return shape(tier).row;
}

units::Milliseconds slot_length(Tier tier) noexcept {
  return shape(tier).slot;
}

std::int64_t slots_per_next(Tier tier) noexcept {
  return shape(tier).slots_per_next;
}

Slot slot_of(Tier tier, units::Instant at) noexcept {
  const std::int64_t ms = units::unix_ms(at), length = shape(tier).slot.count();
  return ms / length - (ms % length < 0 ? 1 : 0);
}

units::Instant slot_begin(Tier tier, Slot slot) noexcept {
  return units::Instant{slot * shape(tier).slot};
}

Period period_of(Tier tier, Slot slot) noexcept {
  const auto days = std::chrono::floor<std::chrono::days>(slot_begin(tier, slot).time_since_epoch());
  if (tier == Tier::raw) return static_cast<Period>(days.count());
  const std::chrono::year_month_day date{sys_days{days}};
  const int years = static_cast<int>(date.year()) - kFirstYear;
  return tier == Tier::hour ? years : years * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

Slot first_slot(Tier tier, Period period) noexcept {
  return slot_of(tier, units::Instant{sys_days{first_day(tier, period)}.time_since_epoch()});
}

ChunkKey key_of(Tier tier, domain::HostNumber host, Slot slot, std::uint32_t group, std::uint32_t part) noexcept {
  return {.host = host,
          .slot = static_cast<std::uint32_t>(slot - first_slot(tier, period_of(tier, slot))),
          .group = group,
          .part = part};
}

std::string file_name(Tier tier, Period period) {
  const auto date = first_day(tier, period);
  std::string name(name_of(tier));
  name += '-' + padded(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  if (tier != Tier::hour) name += padded(static_cast<unsigned>(date.month()), 2);
  if (tier == Tier::raw) name += padded(static_cast<unsigned>(date.day()), 2);
  return name + ".db";
}

std::optional<FileName> parse_file_name(std::string_view name) {
  if (!name.ends_with(".db")) return std::nullopt;
  name.remove_suffix(3);
  for (const Tier tier : kTiers) {
    const std::string_view prefix = name_of(tier);
    if (!name.starts_with(prefix) || name.substr(prefix.size(), 1) != "-") continue;
    const std::string_view date = name.substr(prefix.size() + 1);
    const std::size_t digits = tier == Tier::raw ? 8 : tier == Tier::minute ? 6 : 4;
    if (!number(date, digits)) return std::nullopt;
    const int month = tier == Tier::hour ? 1 : *number(date.substr(4, 2), 2);
    const int day = tier == Tier::raw ? *number(date.substr(6), 2) : 1;
    const auto period = period_of_date(tier, *number(date.substr(0, 4), 4), month, day);
    return period ? std::optional(FileName{tier, *period}) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace vedette::history
