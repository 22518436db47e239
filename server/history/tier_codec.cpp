#include "server/history/tier_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <map>

namespace vedette::history {

using units::Result;

namespace {

enum class Field : std::uint8_t { count, minimum, maximum, sum, last, covered, extra };
constexpr std::array kFields{Field::count, Field::minimum, Field::maximum, Field::sum,
                             Field::last,  Field::covered, Field::extra};
constexpr std::uint32_t kDerivedFields = 8;

// Fields that are doubles in memory are stored as integers: rates in thousandths, ratios in ten-thousandths. What
// counts doubles stays doubles.
struct Form {
  bool real = false;
  double scale = 1;
};

Form form_of(const Source& source, Field field) noexcept {
  const bool extreme = field == Field::minimum || field == Field::maximum;
  if (source.derived) return {false, extreme ? 1e4 : 1};
  if (field == Field::count || field == Field::covered) return {};
  if (source.quantum.is_real()) return {true, 1};
  return {false, extreme && !source.level() ? 1e3 : 1};
}

std::uint32_t id_of(const Source& source, Field field) noexcept {
  return source.number * kIdsPerSeries + (source.derived ? kDerivedFields : 0) + static_cast<std::uint32_t>(field);
}

double Summary::* member(Field field) noexcept {
  switch (field) {
    case Field::minimum:
      return &Summary::minimum;
    case Field::maximum:
      return &Summary::maximum;
    case Field::sum:
      return &Summary::sum;
    case Field::covered:
      return &Summary::covered;
    default:
      return &Summary::extra;
  }
}

std::int64_t clamped(double value) noexcept {
  constexpr double kLimit = 9.2e18;  // below 2^63
  return std::llround(std::clamp(value, -kLimit, kLimit));
}

std::int64_t cell_of(const Summary& summary, const Source& source, Field field) noexcept {
  if (field == Field::count) return summary.count;
  if (field == Field::last) return summary.last;
  const Form form = form_of(source, field);
  const double value = summary.*member(field);
  return form.real ? std::bit_cast<std::int64_t>(value) : clamped(value * form.scale);
}

void set_field(Summary& summary, const Source& source, Field field, std::int64_t cell) noexcept {
  if (field == Field::count) {
    summary.count = cell;
  } else if (field == Field::last) {
    summary.last = cell;
  } else {
    const Form form = form_of(source, field);
    summary.*member(field) = form.real ? std::bit_cast<double>(cell) : static_cast<double>(cell) / form.scale;
  }
}

void add_columns(chunk::Table& table, const Source& source, const std::vector<Summary>& rows) {
  const auto has = [](const Summary& row) { return row.count > 0; };
  const auto present = std::ranges::count_if(rows, has);
  if (present == 0) return;
  for (const Field field : kFields) {
    chunk::Column column{.id = id_of(source, field), .real = form_of(source, field).real, .values = {}, .present = {}};
    for (const Summary& row : rows) column.values.push_back(has(row) ? cell_of(row, source, field) : 0);
    // Most have no extra, and levels cover nothing: what isn't there is 0.
    if (std::ranges::all_of(column.values, [](auto value) { return value == 0; })) continue;
    if (static_cast<std::size_t>(present) < rows.size()) {
      for (const Summary& row : rows) column.present.push_back(has(row));
    }
    table.columns.push_back(std::move(column));
  }
}

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Where a column goes.
struct Target {
  std::size_t source;
  Field field;
};

std::map<std::uint32_t, Target> targets_of(std::span<const Source> sources) {
  std::map<std::uint32_t, Target> targets;
  for (std::size_t n = 0; n < sources.size(); ++n) {
    for (const Field field : kFields) targets.emplace(id_of(sources[n], field), Target{n, field});
  }
  return targets;
}

void take(TierRows& rows, const chunk::Table& table, const std::map<std::uint32_t, Target>& targets,
          std::span<const Source> sources) {
  for (const auto& column : table.columns) {
    const auto target = targets.find(column.id);
    if (target == targets.end()) continue;
    auto& summaries = rows.columns[target->second.source];
    for (std::size_t n = 0; n < column.values.size(); ++n) {
      if (!column.present.empty() && !column.present[n]) continue;
      set_field(summaries[n], sources[target->second.source], target->second.field, column.values[n]);
    }
  }
}

}  // namespace

EncodedChunk encode_tier(domain::HostNumber host, Slot slot, const TierRows& rows, std::span<const Source> sources) {
  EncodedChunk encoded{host, slot, {}};
  if (rows.times.empty()) return encoded;
  std::map<std::uint32_t, std::vector<std::size_t>> groups;
  for (std::size_t n = 0; n < sources.size(); ++n) groups[sources[n].number / kGroupWidth].push_back(n);
  groups[0];
  for (const auto& [group, members] : groups) {
    chunk::Table table;
    table.times = rows.times;
    for (const auto n : members) add_columns(table, sources[n], rows.columns[n]);
    if (group > 0 && table.columns.empty()) continue;
    std::ranges::sort(table.columns, {}, &chunk::Column::id);
    encoded.groups.emplace_back(group, chunk::encode_dense(table));
  }
  return encoded;
}

Result<TierRows> decode_tier(std::span<const StoredChunk> chunks, std::span<const Source> sources) {
  const auto targets = targets_of(sources);
  TierRows rows;
  rows.columns.resize(sources.size());
  for (const auto& chunk : chunks) {
    std::vector<std::uint32_t> ids;
    const std::uint32_t first = chunk.group * kGroupWidth * kIdsPerSeries;
    for (auto it = targets.lower_bound(first); it != targets.end(); ++it) {
      if (it->first - first >= kGroupWidth * kIdsPerSeries) break;
      ids.push_back(it->first);
    }
    auto table = chunk::decode_columns(bytes_of(chunk.blob), ids, kTierLimits);
    if (!table) return std::unexpected(std::move(table.error()));
    if (rows.times.empty()) {
      rows.times = table->times;
      for (auto& column : rows.columns) column.resize(rows.times.size());
    }
    if (table->times != rows.times) {
      return units::fail(units::ErrorCode::corrupt, "groups of a chunk differ in their rows");
    }
    take(rows, *table, targets, sources);
  }
  return rows;
}

}  // namespace vedette::history
