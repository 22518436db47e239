// Rows of the minute and hour tiers as chunks. A column a field of a source: id = series number × 16 + field, + 8 for
// what is derived from the series (docs/storage-format.md). Pure.
#pragma once

#include <span>
#include <vector>

#include "schema/units/result.h"
#include "server/history/chunk_writer.h"
#include "server/history/summarizer.h"

namespace vedette::history {

/// One host's slot. No groups without rows.
[[nodiscard]] EncodedChunk encode_tier(domain::HostNumber host, Slot slot, const TierRows& rows,
                                       std::span<const Source> sources);

/// The rows of one slot's chunks, for these sources. `corrupt` for damage, and nothing of a damaged chunk.
[[nodiscard]] units::Result<TierRows> decode_tier(std::span<const StoredChunk> chunks, std::span<const Source> sources);

}  // namespace vedette::history
