// Ticks as rows (one a tick) and as a table (one column a series): the two forms that travel. Pure.
#pragma once

#include <span>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/wire/tick_codec.h"

namespace vedette::wire {

/// Columns by series number; series without a value in any row have none. `reals[n]` tells whether series n holds
/// doubles; numbers past its end hold integers.
[[nodiscard]] chunk::Table table_of(std::span<const TickRow> rows, const std::vector<bool>& reals);

/// Precondition: `table` came from chunk::decode with bounded columns: cells are laid out up to its highest column id.
[[nodiscard]] std::vector<TickRow> rows_of(const chunk::Table& table);

}  // namespace vedette::wire
