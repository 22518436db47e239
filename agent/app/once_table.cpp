// `vedette-agent once --table`.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "agent/app/once.h"
#include "schema/metrics/catalogue.h"
#include "schema/units/utf8.h"

namespace vedette::app {
namespace {

std::string printed(const char* form, double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), form, value);
  return text.data();
}

/// "15.7 GiB", "2.10 GHz".
std::string scaled(double value, double step, std::span<const std::string_view> units) {
  std::size_t power = 0;
  for (; std::abs(value) >= step && power + 1 < units.size(); ++power) value /= step;
  return printed(power == 0 ? "%.0f " : "%.1f ", value) + std::string(units[power]);
}

std::string duration(double seconds) {
  if (seconds == 0) return "0 s";
  if (std::abs(seconds) < 1e-3) return printed("%.0f us", seconds * 1e6);
  if (std::abs(seconds) < 1) return printed("%.1f ms", seconds * 1e3);
  if (std::abs(seconds) < 600) return printed("%.2f s", seconds);
  if (std::abs(seconds) < 7200) return printed("%.1f min", seconds / 60);
  if (std::abs(seconds) < 48 * 3600.0) return printed("%.1f h", seconds / 3600);
  return printed("%.1f d", seconds / 86400);
}

std::string readable(double value, std::string_view unit) {
  constexpr std::array<std::string_view, 7> kBytes{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  constexpr std::array<std::string_view, 4> kHertz{"Hz", "kHz", "MHz", "GHz"};
  if (unit == "By") return scaled(value, 1024, kBytes);
  if (unit == "Hz") return scaled(value, 1000, kHertz);
  if (unit == "s") return duration(value);
  if (unit == "Cel") return printed("%.1f °C", value);
  const std::string number = printed(value == std::floor(value) ? "%.0f" : "%.2f", value);
  if (unit == "1") return number;
  if (unit.starts_with('{') && unit.ends_with('}')) unit = unit.substr(1, unit.size() - 2);
  return number + ' ' + std::string(unit);
}

struct Line {
  metrics::Group group;
  std::string series, value;
};

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::vector<Line> lines_of(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells) {
  std::vector<Line> lines;
  for (std::size_t i = 0; i < std::min(series.size(), cells.size()); ++i) {
    const metrics::Metric* metric = metrics::find(series[i].key.name);
    if (!cells[i].present || metric == nullptr) continue;
    lines.push_back(
        {metric->group, to_string(series[i].key), readable(value(cells[i], series[i].quantum), series[i].unit)});
  }
  std::ranges::sort(lines, {}, [](const Line& line) { return std::tie(line.group, line.series); });
  return lines;
}

}  // namespace

std::string tick_as_table(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells) {
  const std::vector<Line> lines = lines_of(series, cells);
  std::size_t longest = 0;
  for (const Line& line : lines) longest = std::max(longest, width(line.series));
  std::string text;
  const Line* before = nullptr;
  for (const Line& line : lines) {
    if (before == nullptr || before->group != line.group) {
      text += (before == nullptr ? "" : "\n") + std::string(name(line.group)) + '\n';
    }
    // The numbers' ends below each other, then the units.
    const std::size_t number = std::min(line.value.find(' '), line.value.size());
    text += "  " + line.series + std::string(longest - width(line.series) + (number < 14 ? 14 - number : 1), ' ') +
            line.value + '\n';
    before = &line;
  }
  return text;
}

}  // namespace vedette::app
