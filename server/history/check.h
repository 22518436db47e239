// Reads history's files through for damage. Each file is read through a read-only connection of its own, in one
// transaction: as of one moment, whatever a running collector commits meanwhile, and without anyone waiting for it.
// Nothing is changed, but SQLite may make a file's -wal and -shm anew. Any thread, any process.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/domain/ids.h"
#include "server/history/key.h"

namespace vedette::history {

/// A chunk's place, as a person can look for it.
struct ChunkPlace {
  domain::HostNumber host{};
  units::Instant begin{};  ///< of its slot
  std::uint32_t group = 0;
  std::uint32_t part = 0;
};

struct Damage {
  std::optional<ChunkPlace> chunk{};  ///< none: the file itself, or a row of live.db
  std::string words;
};

struct Checked {
  std::uint64_t chunks = 0;  ///< looked at, damaged ones included
  std::uint64_t rows = 0;    ///< write-ahead rows, likewise
  std::vector<Damage> damage;
};

/// How the file is to be opened: `copy` for one that nobody writes (sqlite::OpenOptions::immutable).
enum class Use : std::uint8_t { live, copy };

/// live.db: its pages and indices, every write-ahead row, series and boots. An error is one that kept it from looking
/// (`io`); damage and a newer schema are not.
[[nodiscard]] units::Result<Checked> check_live(const std::filesystem::path& file, Use use);

/// A chunk file, named as `name` says: its pages, and every chunk decoded as a whole. Where pages can't be read, what
/// lies before and behind them is looked at. Errors as above.
[[nodiscard]] units::Result<Checked> check_chunks(const std::filesystem::path& file, FileName name, Use use);

}  // namespace vedette::history
