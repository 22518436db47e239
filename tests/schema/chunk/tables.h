// Tables for tests: random ones of every shape, and what decoding gives back for them.
#pragma once

#include <random>
#include <string>

#include "schema/chunk/chunk.h"

namespace vedette::chunk {

/// Same seed, same table. Up to 700 ticks and 6 columns of every kind of behaviour we know of, and noise.
[[nodiscard]] Table random_table(std::uint64_t seed);

/// A fixed one of every kind of column, for chunks that are kept (tests/golden/chunks): 300 ticks, 9 columns.
[[nodiscard]] Table kept_table();

/// As decode() gives it: 0 where absent, no presence list when nothing is absent.
[[nodiscard]] Table normalised(Table table);

/// Empty if equal, else the first difference in words.
[[nodiscard]] std::string difference(const Table& a, const Table& b);

}  // namespace vedette::chunk
