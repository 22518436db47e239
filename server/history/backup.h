// What is particular about a copy of history that is made while history goes on.
//
// live.db is copied first. Rows of it are deleted only after the chunks that hold their ticks are committed, so what
// its copy doesn't have any more is in the chunk files by then; what both have is told apart by time, as after a crash.
// Chunk files follow in chunk_files_in()'s order, finer ones first: a mark that something is to be built again is
// deleted only after it was built. One that is gone by the time it is copied was too old, or was set aside as damaged.
// Chunks copied late may hold series and boots that live.db's copy doesn't know, and a restored collector would give
// their numbers to others: take_registry() is called once all of them are copied.
//
// Any thread, any process; works through SQLite's locks alone.
#pragma once

#include <filesystem>

#include "schema/units/result.h"

namespace vedette::history {

/// Gives `copy`, a copy of live.db that nobody else has open, the series, boots and epochs of `live` as it is now, and
/// the hosts that were removed. `unavailable` if the collector was upgraded since it was copied.
[[nodiscard]] units::Result<void> take_registry(const std::filesystem::path& copy, const std::filesystem::path& live);

}  // namespace vedette::history
