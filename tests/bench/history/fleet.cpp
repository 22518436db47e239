#include "tests/bench/history/fleet.h"

#include <algorithm>

namespace vedette::bench {

namespace {

using metrics::Kind;
using metrics::Quantum;

// Positions in Reading::values, which lacks the recording's column 0, the time.
struct Source {
  std::size_t column;
  const char* name;
  const char* unit;
  Kind kind;
  Quantum quantum;
};

constexpr std::size_t kIdleJiffies = 3;

std::vector<Source> sources() {
  std::vector<Source> all;
  for (std::size_t n = 0; n < 24; ++n) all.push_back({n, "system.cpu.time", "s", Kind::counter, {1, 100}});
  for (std::size_t n = 29; n < 35; ++n) all.push_back({n, "system.memory.usage", "By", Kind::gauge, {1024, 1}});
  for (std::size_t n = 41; n < 44; ++n) all.push_back({n, "system.cpu.load_average", "1", Kind::gauge, {1, 100}});
  for (std::size_t n : {45, 47}) all.push_back({n, "system.disk.io", "By", Kind::counter, {512, 1}});
  all.push_back({48, "system.disk.io_time", "s", Kind::counter, {1, 1000}});
  for (std::size_t n : {49, 51}) all.push_back({n, "system.network.io", "By", Kind::counter, {1, 1}});
  for (std::size_t n : {50, 52}) all.push_back({n, "system.network.packets", "{packet}", Kind::counter, {1, 1}});
  return all;
}

}  // namespace

std::vector<metrics::Series> fleet_series(Form form) {
  std::vector<metrics::Series> series;
  for (const auto& from : sources()) {
    const Kind kind = form == Form::rates ? Kind::gauge : from.kind;
    series.push_back({{from.name, {{"column", std::to_string(from.column)}}}, from.unit, kind, from.quantum});
  }
  return series;
}

Recording::Recording() : readings_(golden::recording(VEDETTE_SOURCE_DIR)) {
  for (std::size_t column = 0; column < golden::kColumns; ++column) {
    const auto [low, high] =
        std::ranges::minmax(readings_, {}, [&](const auto& reading) { return reading.values[column]; });
    lowest_.push_back(low.values[column]);
    highest_.push_back(high.values[column]);
  }
  for (std::size_t at = 0; at < windows(); ++at) quiet_.push_back(at);
  std::ranges::sort(quiet_, std::greater<>(), [&](std::size_t at) { return change(at, kIdleJiffies); });
  quiet_.resize(quiet_.size() / 4);
}

std::int64_t Recording::change(std::size_t at, std::size_t column) const {
  return value(at + golden::kReadingsPerSecond, column) - value(at, column);
}

Host::Host(const Recording& recording, std::uint64_t seed, Form form)
    : recording_(recording), form_(form), random_(seed), offset_ms_(static_cast<std::int64_t>(random_() % 1000)) {
  const std::size_t at = random_() % recording_.windows();
  for (const auto& from : sources()) values_.push_back(recording_.value(at, from.column));
}

domain::Tick Host::tick(std::int64_t second) {
  static const std::vector<Source> all = sources();
  if (left_ == 0) {
    idle_ = !idle_;
    left_ = 30 + random_() % 571;
  }
  --left_;
  const auto& quiet = recording_.quiet();
  const std::size_t at = idle_ ? quiet[random_() % quiet.size()] : random_() % recording_.windows();
  domain::Tick tick{units::from_unix_ms(second + offset_ms_), 1, {}};
  tick.cells.reserve(all.size());
  for (std::size_t n = 0; n < all.size(); ++n) {
    const std::int64_t change = recording_.change(at, all[n].column);
    values_[n] += change;
    if (all[n].kind == Kind::gauge) {
      values_[n] = std::clamp(values_[n], recording_.lowest(all[n].column), recording_.highest(all[n].column));
    }
    const bool rate = form_ == Form::rates && all[n].kind == Kind::counter;
    tick.cells.push_back(metrics::integer(rate ? change : values_[n]));
  }
  return tick;
}

std::vector<Host> hosts_of(const Recording& recording, std::size_t count, Form form) {
  std::vector<Host> hosts;
  hosts.reserve(count);
  for (std::size_t n = 0; n < count; ++n) hosts.emplace_back(recording, n + 1, form);
  return hosts;
}

}  // namespace vedette::bench
