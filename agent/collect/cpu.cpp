#include "agent/collect/cpu.h"

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

constexpr std::uint64_t kMostCores = 8192;  // NR_CPUS_RANGE_END of x86; bounds what a garbled number may allocate

std::optional<CpuTimes> parse_cpu(std::string_view line) {
  CpuTimes times;
  std::string_view word = take_word(line);
  if (!word.starts_with("cpu")) return std::nullopt;
  word.remove_prefix(3);
  if (!word.empty()) {
    const auto core = as_number(word);
    if (!core || *core >= kMostCores) return std::nullopt;
    times.cpu = static_cast<int>(*core);
  }
  while (times.modes < times.ticks.size()) {
    const auto ticks = take_number(line);
    if (!ticks) break;
    times.ticks[times.modes++] = *ticks;
  }
  if (times.modes < 4) return std::nullopt;
  return times;
}

}  // namespace

units::Result<void> parse_stat(std::string_view text, Stat& stat) {
  stat.cpus.clear();
  stat.context_switches = stat.interrupts = stat.created = stat.running = stat.blocked = std::nullopt;
  const std::array<std::pair<std::string_view, std::optional<std::uint64_t>*>, 5> wanted{{
      {"intr", &stat.interrupts},
      {"ctxt", &stat.context_switches},
      {"processes", &stat.created},
      {"procs_running", &stat.running},
      {"procs_blocked", &stat.blocked},
  }};
  while (auto line = take_line(text)) {
    if (line->starts_with("cpu")) {
      if (const auto times = parse_cpu(*line)) stat.cpus.push_back(*times);
      continue;
    }
    const std::string_view key = take_word(*line);
    for (const auto& [name, field] : wanted) {
      if (key == name) *field = take_number(*line);
    }
  }
  if (stat.cpus.empty()) return units::fail(units::ErrorCode::corrupt, "/proc/stat has no readable \"cpu\" line");
  return {};
}

const CpuSource::Numbers& CpuSource::numbers_of(int cpu, Roster& roster) {
  const std::size_t at = cpu < 0 ? 0 : static_cast<std::size_t>(cpu) + 1;  // the total is -1
  if (at >= numbers_.size()) numbers_.resize(at + 1);
  if (!numbers_[at]) {
    Numbers& numbers = numbers_[at].emplace();
    const std::string core = std::to_string(cpu);
    for (std::size_t m = 0; m < numbers.size(); ++m) {
      numbers[m] = cpu < 0 ? roster.add("system.cpu.time", {{"mode", kCpuModes[m]}})
                           : roster.add("system.cpu.time", {{"cpu", core}, {"mode", kCpuModes[m]}});
    }
  }
  return *numbers_[at];
}

units::Result<void> CpuSource::read(Draft& draft) {
  const auto text = file_.read();
  if (!text) return std::unexpected(text.error());
  if (const auto parsed = parse_stat(*text, stat_); !parsed) return parsed;
  for (const CpuTimes& times : stat_.cpus) {
    const Numbers& numbers = numbers_of(times.cpu, draft.roster());
    for (unsigned m = 0; m < times.modes; ++m) draft.put(numbers[m], clamped(times.ticks[m]));
  }
  switches_.put(draft, stat_.context_switches);
  interrupts_.put(draft, stat_.interrupts);
  created_.put(draft, stat_.created);
  running_.put(draft, stat_.running);
  blocked_.put(draft, stat_.blocked);
  return {};
}

}  // namespace vedette::collect
