// Where a chunk lives: which file, and its key within. Final: files written today must be readable for ever
// (docs/storage.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "schema/units/time.h"
#include "server/domain/ids.h"

namespace vedette::history {

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
using Day = std::int32_t;  ///< days since the epoch, UTC

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

/// The key of a raw chunk.
[[nodiscard]] ChunkKey raw_key(domain::HostNumber host, Slot slot, std::uint32_t group, std::uint32_t part) noexcept;

/// "raw-20261123.db", and back; absent for any other name.
[[nodiscard]] std::string raw_file_name(Day day);
[[nodiscard]] std::optional<Day> parse_raw_file_name(std::string_view name);

}  // namespace vedette::history
