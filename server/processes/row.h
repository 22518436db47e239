// A list of processes as a row of top-YYYYMMDD.db, and which file and key are its (docs/storage-format.md). Final: rows
// written today must be readable for as long as they are kept. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/units/result.h"
#include "server/domain/process_records.h"

namespace vedette::processes {

using Day = std::int32_t;  ///< days since the epoch, UTC
inline constexpr units::Milliseconds kDayLength{86'400'000};
inline constexpr std::uint32_t kMaxHost = (1U << 28) - 1;
inline constexpr std::size_t kMostProcesses = 64;  ///< of one list; more is damage

[[nodiscard]] Day day_of(units::Instant at) noexcept;
[[nodiscard]] units::Instant day_begin(Day day) noexcept;

/// host 28 bits | milliseconds within the day 27: ordered by host, then time.
[[nodiscard]] std::int64_t key_of(domain::HostNumber host, units::Instant at) noexcept;
[[nodiscard]] domain::HostNumber host_of(std::int64_t key) noexcept;
[[nodiscard]] units::Instant time_of(Day day, std::int64_t key) noexcept;

/// "top-20261123.db", and back; absent for any other name.
[[nodiscard]] std::string file_name(Day day);
[[nodiscard]] std::optional<Day> parse_file_name(std::string_view name);

/// All but the time, which is in the key.
[[nodiscard]] std::string encode_row(const domain::ProcessList& list);
/// `corrupt` for whatever encode_row() can't have written, `version` for a row of a later version.
[[nodiscard]] units::Result<domain::ProcessList> decode_row(units::Instant at, std::span<const std::uint8_t> bytes);

}  // namespace vedette::processes
