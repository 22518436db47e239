// Rows of the minute and hour tiers as chunks. A column a field of a source: id = series number × 16 + field, + 8 for
// what is derived from the series (docs/storage-format.md). Pure.
#pragma once

#include <span>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/units/result.h"
#include "server/history/chunk_writer.h"
#include "server/history/summarizer.h"

namespace vedette::history {

/// Columns that a series may have in a group's chunk, derived ones included.
inline constexpr std::uint32_t kIdsPerSeries = 16;
/// What decoding a tier's chunk may cost.
inline constexpr chunk::Limits kTierLimits{.ticks = 4'096, .columns = kGroupWidth * kIdsPerSeries, .cells = 4U << 20};

/// One host's slot. No groups without rows.
[[nodiscard]] EncodedChunk encode_tier(domain::HostNumber host, Slot slot, const TierRows& rows,
                                       std::span<const Source> sources);

/// The rows of one slot's chunks, for these sources. `corrupt` for damage, and nothing of a damaged chunk.
[[nodiscard]] units::Result<TierRows> decode_tier(std::span<const StoredChunk> chunks, std::span<const Source> sources);

}  // namespace vedette::history
