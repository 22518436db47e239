#include "agent/app/once.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "agent/app/run.h"
#include "agent/collect/collector.h"
#include "agent/collect/container.h"
#include "agent/config/config.h"
#include "agent/link/http.h"
#include "schema/metrics/catalogue.h"

namespace vedette::app {
namespace {

std::string number(double value) {
  std::array<char, 400> text{};
  const auto [end, status] = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  return status == std::errc{} ? std::string(text.data(), end) : "0";
}

/// Positions of the present cells, by series' name and attributes.
std::vector<std::size_t> sorted(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < std::min(series.size(), cells.size()); ++i) {
    if (cells[i].present) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::size_t i) { return series[i].key; });
  return order;
}

}  // namespace

std::string tick_as_text(std::span<const metrics::Series> series, std::span<const metrics::Cell> cells) {
  std::string text;
  for (const std::size_t i : sorted(series, cells)) {
    text += to_string(series[i].key) + ' ' + number(value(cells[i], series[i].quantum));
    if (series[i].unit != "1") text += ' ' + series[i].unit;
    text += '\n';
  }
  return text;
}

std::string tick_as_json(units::Instant at, std::span<const metrics::Series> series,
                         std::span<const metrics::Cell> cells) {
  std::string text = "{\"time\":" + units::unix_seconds(at) + ",\"samples\":[";
  bool first = true;
  for (const std::size_t i : sorted(series, cells)) {
    text +=
        std::string(first ? "" : ",") + "\n{\"name\":" + link::json_string(series[i].key.name) + ",\"attributes\":{";
    first = false;
    for (const auto& attribute : series[i].key.attributes) {
      if (text.back() != '{') text += ',';
      text += link::json_string(attribute.key) + ':' + link::json_string(attribute.value);
    }
    text += "},\"unit\":" + link::json_string(series[i].unit);
    text += std::string(",\"kind\":") + (series[i].kind == metrics::Kind::counter ? "\"counter\"" : "\"gauge\"");
    text += ",\"value\":" + number(value(cells[i], series[i].quantum)) + '}';
  }
  return text + "\n]}\n";
}

std::string metrics_as_text() {
  std::string text;
  for (std::size_t g = 0; g < metrics::kGroupNames.size(); ++g) {
    text += (g == 0 ? "[" : "\n[") + std::string(metrics::kGroupNames[g]) + "]\n";
    for (const metrics::Metric& metric : metrics::catalogue()) {
      if (metric.derived || metric.group != static_cast<metrics::Group>(g)) continue;
      text += std::string(metric.name);
      if (!metric.attributes.empty()) text += '{' + std::string(metric.attributes) + '}';
      text += "\n  " + std::string(metric.description) + "\n  unit " + std::string(metric.unit);
      text += metric.kind == metrics::Kind::counter ? ", counter" : ", gauge";
      text += ", group " + std::string(name(metric.group)) + ", from " + std::string(metric.source) + '\n';
    }
  }
  return text;
}

int run_once(const Command& command) {
  const bool json = command.options.contains("json"), table = command.options.contains("table");
  if (json && table) {
    std::fputs("vedette-agent: --json and --table are two ways to print the same; take one\n", stderr);
    return 64;
  }
  const auto config = config::load_named(command.option("config"));
  if (!config) {
    std::fprintf(stderr, "vedette-agent: %s\n", config.error().message.c_str());
    return kConfigError;
  }
  if (const std::string note = collect::container_note(); !note.empty()) {
    std::fprintf(stderr, "vedette-agent: %s\n", note.c_str());
  }
  collect::Collector collector({.groups = config->groups, .cgroups = {config->cgroups_limit}});
  std::vector<metrics::Cell> cells = collector.collect();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(3);
  while (!collector.settled() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    collector.collect(cells);
  }
  const auto now = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
  const auto series = collector.roster().series();
  const std::string text = json    ? tick_as_json(now, series, cells)
                           : table ? tick_as_table(series, cells)
                                   : tick_as_text(series, cells);
  std::fputs(text.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace vedette::app
