// A chunk that is still being filled, held encoded: about a byte a sample, plus at most 64 raw values a column that
// wait for their block. One owner thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/chunk/column.h"
#include "schema/metrics/series.h"

namespace vedette::chunk {

class Builder {
 public:
  /// Column i of the cells gets the id `first_id` + i.
  explicit Builder(std::uint32_t first_id = 0) : first_id_(first_id) {}

  /// One tick. Cells past the end are absent; a tick may bring more columns than the one before. `reals[i]` tells
  /// whether column i holds doubles (past the end: no); what it says at the column's first present cell counts.
  void append(std::int64_t time, std::span<const metrics::Cell> cells, const std::vector<bool>& reals);

  [[nodiscard]] std::size_t ticks() const noexcept { return extent_.ticks; }
  [[nodiscard]] const Extent& extent() const noexcept { return extent_; }
  /// Bytes held, about.
  [[nodiscard]] std::size_t memory() const noexcept;

  /// Everything so far as a chunk, without the columns that never had a value. The builder goes on.
  [[nodiscard]] std::string encoded() const;
  /// The same with only these columns (ids ascending), for a query that mustn't wait for the seal.
  [[nodiscard]] std::string encoded(std::span<const std::uint32_t> ids) const;
  /// encoded(), and the builder is empty again.
  [[nodiscard]] std::string seal();

 private:
  [[nodiscard]] std::string encoded_if(auto&& wanted) const;

  std::uint32_t first_id_;
  Extent extent_;
  ValueWriter times_{false};
  std::vector<std::optional<ColumnWriter>> columns_;  // empty until the first present cell
};

}  // namespace vedette::chunk
