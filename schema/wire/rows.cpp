#include "schema/wire/rows.h"

#include <algorithm>

namespace vedette::wire {
namespace {

/// Column `number` of the rows; nothing if no row has a value there.
std::optional<chunk::Column> column_of(std::span<const TickRow> rows, std::size_t number, bool real) {
  chunk::Column column{.id = static_cast<std::uint32_t>(number), .real = real, .values = {}, .present = {}};
  column.values.reserve(rows.size());
  std::size_t present = 0;
  for (const TickRow& row : rows) {
    const metrics::Cell cell = number < row.cells.size() ? row.cells[number] : metrics::Cell{};
    column.values.push_back(cell.present ? cell.bits : 0);
    present += cell.present ? 1 : 0;
  }
  if (present == 0) return std::nullopt;
  if (present < rows.size()) {
    for (const TickRow& row : rows) column.present.push_back(number < row.cells.size() && row.cells[number].present);
  }
  return column;
}

}  // namespace

chunk::Table table_of(std::span<const TickRow> rows, const std::vector<bool>& reals) {
  chunk::Table table;
  std::size_t width = 0;
  for (const TickRow& row : rows) {
    table.times.push_back(units::unix_ms(row.at));
    width = std::max(width, row.cells.size());
  }
  for (std::size_t number = 0; number < width; ++number) {
    auto column = column_of(rows, number, number < reals.size() && reals[number]);
    if (column) table.columns.push_back(std::move(*column));
  }
  return table;
}

std::vector<TickRow> rows_of(const chunk::Table& table) {
  const std::size_t width = table.columns.empty() ? 0 : table.columns.back().id + 1;
  std::vector<TickRow> rows(table.times.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i].at = units::from_unix_ms(table.times[i]);
    rows[i].cells.resize(width);
  }
  for (const chunk::Column& column : table.columns) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (column.present.empty() || column.present[i]) rows[i].cells[column.id] = metrics::integer(column.values[i]);
    }
  }
  return rows;
}

}  // namespace vedette::wire
