// A chunk's head: how many ticks and when, which columns and where. Private to schema/chunk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/units/result.h"

namespace vedette::chunk {

struct Place {
  std::uint32_t id = 0;
  std::size_t length = 0;  ///< bytes, check sum included; columns follow each other in this order
};

struct Head {
  std::uint8_t version = 0;
  Extent extent;
  std::span<const std::uint8_t> times;  ///< values, not yet decoded
  std::vector<Place> columns;           ///< ids ascend, lengths add up to `bodies`
  std::span<const std::uint8_t> bodies;
};

/// Version to directory, with its check sum. `times` is what put_times() wrote.
void put_head(std::string& out, std::uint8_t version, const Extent& extent, const std::string& times,
              std::span<const Place> columns);

/// Checks sums, limits (but not cells) and that the lengths fit before it takes memory.
[[nodiscard]] units::Result<Head> read_head(std::span<const std::uint8_t> bytes, const Limits& limits);

}  // namespace vedette::chunk
