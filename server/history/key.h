// Where a chunk lives: which file, and its key within. Final: files written today must be readable for ever
// (docs/storage-format.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::history {

/// A resolution of history. Each has files of its own, one a period; a file's chunks cover a slot each.
enum class Tier : std::uint8_t {
  raw,     ///< as sampled; slots of 600 s, a file each UTC day: raw-20261123.db
  minute,  ///< a row a minute; slots of an hour, a file each month: 1m-202611.db
  hour,    ///< a row an hour; slots of a day, a file each year: 1h-2026.db
};
inline constexpr Tier kTiers[] = {Tier::raw, Tier::minute, Tier::hour};
[[nodiscard]] constexpr Tier finer(Tier tier) noexcept {
  return tier == Tier::hour ? Tier::minute : Tier::raw;
}
[[nodiscard]] constexpr Tier coarser(Tier tier) noexcept {
  return tier == Tier::raw ? Tier::minute : Tier::hour;
}
[[nodiscard]] std::string_view name_of(Tier tier) noexcept;        ///< "raw", "1m", "1h"
[[nodiscard]] units::Milliseconds row_length(Tier tier) noexcept;  ///< 0 for raw
[[nodiscard]] units::Milliseconds slot_length(Tier tier) noexcept;

/// A raw chunk covers one slot of 600 s, aligned to the epoch; 144 of them make a UTC day and so a file.
inline constexpr units::Milliseconds kSlotLength{600'000};
inline constexpr std::int64_t kSlotsPerDay = 144;
/// Series n of a host is in column group n / 64.
inline constexpr std::uint32_t kGroupWidth = 64;
inline constexpr std::uint32_t kGroups = 1U << 10;
inline constexpr std::uint32_t kMaxHost = (1U << 28) - 1;
inline constexpr std::uint32_t kMaxPart = 255;
/// The column that holds each tick's boot number, in every chunk. Series numbers stay below kGroupWidth × kGroups.
inline constexpr std::uint32_t kBootColumn = 0xFFFF'FFFF;

/// A tick's boot number as stored: the boot of the host, and above it how often the collector's clock had been set back
/// under its history (docs/decisions/0005). A host that claims over a million boots confuses its own history only.
inline constexpr int kEpochShift = 20;
inline constexpr std::uint32_t kMaxEpoch = (1U << 12) - 1;
[[nodiscard]] constexpr std::uint32_t with_epoch(std::uint32_t boot, std::uint32_t epoch) noexcept {
  return boot | epoch << kEpochShift;
}
[[nodiscard]] constexpr std::uint32_t epoch_of(std::uint32_t stored_boot) noexcept {
  return stored_boot >> kEpochShift;
}

/// Slots are counted from the epoch in memory, and from the file's first in a key.
using Slot = std::int64_t;
using Period = std::int32_t;  ///< of a tier's file: days, months or years since the epoch, UTC
using Day = Period;

/// Times the store takes: 1970-01-01 up to, not including, 2200-01-01. Four digits of year name the file.
inline constexpr units::Instant kFirstInstant{};
inline constexpr units::Instant kEndInstant{units::Milliseconds{7'258'118'400'000}};

[[nodiscard]] constexpr Slot slot_of(units::Instant at) noexcept {
  return std::chrono::floor<std::chrono::duration<std::int64_t, std::ratio<600>>>(at.time_since_epoch()).count();
}
[[nodiscard]] constexpr units::Instant slot_begin(Slot slot) noexcept {
  return units::Instant{slot * kSlotLength};
}
[[nodiscard]] constexpr Day day_of(Slot slot) noexcept {
  return static_cast<Day>(slot >= 0 ? slot / kSlotsPerDay : (slot - kSlotsPerDay + 1) / kSlotsPerDay);
}
[[nodiscard]] constexpr Slot first_slot(Day day) noexcept {
  return day * kSlotsPerDay;
}

// The same for any tier.
[[nodiscard]] Slot slot_of(Tier tier, units::Instant at) noexcept;
[[nodiscard]] units::Instant slot_begin(Tier tier, Slot slot) noexcept;
[[nodiscard]] Period period_of(Tier tier, Slot slot) noexcept;
[[nodiscard]] Slot first_slot(Tier tier, Period period) noexcept;
/// How many slots of this tier make one of the next: 6, 24. Periods begin with a slot of the next tier.
[[nodiscard]] std::int64_t slots_per_next(Tier tier) noexcept;

/// Ordered as the packed integers are: by host, then slot, group, part.
struct ChunkKey {
  domain::HostNumber host{};
  std::uint32_t slot = 0;   ///< within the file, below 2^17
  std::uint32_t group = 0;  ///< below 2^10
  std::uint32_t part = 0;   ///< 0 … 255: late ticks of a sealed slot make the next part
  bool operator==(const ChunkKey&) const = default;
};

/// host 28 bits | slot 17 | group 10 | part 8: always positive.
[[nodiscard]] std::int64_t pack(const ChunkKey& key) noexcept;
[[nodiscard]] ChunkKey unpack(std::int64_t k) noexcept;

[[nodiscard]] ChunkKey key_of(Tier tier, domain::HostNumber host, Slot slot, std::uint32_t group,
                              std::uint32_t part) noexcept;

/// "raw-20261123.db", "1m-202611.db", "1h-2026.db", and back; absent for any other name.
[[nodiscard]] std::string file_name(Tier tier, Period period);
struct FileName {
  Tier tier = Tier::raw;
  Period period = 0;
  bool operator==(const FileName&) const = default;
};
[[nodiscard]] std::optional<FileName> parse_file_name(std::string_view name);

}  // namespace vedette::history
