#include "tests/load/swarm/recorded_host.h"

#include <algorithm>
#include <array>
#include <string>

#include "schema/metrics/catalogue.h"

namespace vedette::swarm {

// Columns are Reading::values', which lack the recording's column 0, the time.
Recording::Recording() : readings_(golden::recording(VEDETTE_SOURCE_DIR)) {
  constexpr std::array kModes{"user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal"};
  for (std::size_t mode = 0; mode < kModes.size(); ++mode) {
    add(mode, "system.cpu.time", {{"mode", kModes[mode]}});
    for (const std::size_t cpu : {0, 1}) {
      add(8 * (cpu + 1) + mode, "system.cpu.time", {{"cpu", std::to_string(cpu)}, {"mode", kModes[mode]}});
    }
  }
  add(29, "system.memory.limit", {});
  add(30, "system.memory.usage", {{"state", "free"}});
  add(31, "system.linux.memory.available", {});
  add(32, "system.memory.usage", {{"state", "buffers"}});
  add(33, "system.memory.usage", {{"state", "cached"}});
  add(39, "system.memory.usage", {{"state", "used"}});  // AnonPages stand for it
  constexpr std::array kLoads{"system.cpu.load_average.1m", "system.cpu.load_average.5m",
                              "system.cpu.load_average.15m"};
  for (std::size_t i = 0; i < kLoads.size(); ++i) add(41 + i, kLoads[i], {});
  constexpr std::array kDisk{"read", "write"};
  for (std::size_t i = 0; i < kDisk.size(); ++i) {
    add(44 + 2 * i, "system.disk.operations", {{"device", "vda"}, {"direction", kDisk[i]}});
    add(45 + 2 * i, "system.disk.io", {{"device", "vda"}, {"direction", kDisk[i]}});
  }
  add(48, "system.disk.io_time", {{"device", "vda"}});
  constexpr std::array kNetwork{"receive", "transmit"};
  for (std::size_t i = 0; i < kNetwork.size(); ++i) {
    add(49 + 2 * i, "system.network.io", {{"direction", kNetwork[i]}, {"interface", "eth0"}});
    add(50 + 2 * i, "system.network.packets", {{"direction", kNetwork[i]}, {"interface", "eth0"}});
  }
  reals_.assign(series_.size(), false);
}

void Recording::add(std::size_t column, const char* name, std::vector<metrics::Attribute> attributes) {
  columns_.push_back(column);
  series_.push_back(metrics::series_of(name, std::move(attributes)));
}

RecordedHost::RecordedHost(const Recording& recording, std::uint64_t seed)
    : recording_(recording), at_(seed % recording.readings()), gone_(recording.series().size()) {}

std::vector<metrics::Cell> RecordedHost::next(std::chrono::milliseconds span) {
  at_ += std::max<std::size_t>(1, static_cast<std::size_t>(span.count()) * golden::kReadingsPerSecond / 1000);
  const auto& series = recording_.series();
  if (at_ >= recording_.readings()) {
    at_ %= recording_.readings();
    for (std::size_t n = 0; n < series.size(); ++n) {
      gone_[n] += recording_.value(recording_.readings() - 1, n) - recording_.value(0, n);
    }
  }
  std::vector<metrics::Cell> cells;
  cells.reserve(series.size());
  for (std::size_t n = 0; n < series.size(); ++n) {
    const bool grows = series[n].kind == metrics::Kind::counter;
    cells.push_back(metrics::integer(recording_.value(at_, n) + (grows ? gone_[n] : 0)));
  }
  return cells;
}

}  // namespace vedette::swarm
