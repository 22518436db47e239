#include "schema/metrics/rate.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>

namespace vedette::metrics {
namespace {

/// Exact up to 2^64. Precondition: later ≥ earlier.
double distance(std::int64_t earlier, std::int64_t later) noexcept {
  return static_cast<double>(static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier));
}

constexpr std::int64_t kWrap = std::int64_t{1} << 32;
constexpr std::int64_t kNearWrap = kWrap / 16;

Increase fallen(std::int64_t earlier, std::int64_t later) noexcept {
  if (earlier < kWrap && earlier >= kWrap - kNearWrap && later >= 0 && later < kNearWrap) {
    return {static_cast<double>(later + kWrap - earlier), true};
  }
  if (later > earlier / 2) return {0, false};
  return {std::max(0.0, static_cast<double>(later)), false};
}

std::optional<Increase> real_increase(double earlier, double later, bool same_boot) noexcept {
  if (!std::isfinite(later) || !std::isfinite(earlier)) return std::nullopt;
  if (same_boot && later >= earlier) return Increase{later - earlier, true};
  if (same_boot && later > earlier / 2) return Increase{0, false};
  return Increase{std::max(0.0, later), false};
}

/// Linux adds guest time to user and nice already (proc(5)), and some agents list it beside them.
bool counted_elsewhere(std::string_view mode) noexcept {
  return mode == "guest" || mode == "guest_nice";
}

constexpr std::string_view kCpuTime = "system.cpu.time";

bool same_form(const Series& a, const Series& b) {
  return a.unit == b.unit && a.quantum == b.quantum;
}

// derive(), from those series that `accept` takes.
std::vector<Derived> derive_from(std::span<const Series> stored, auto&& accept) {
  std::map<std::vector<Attribute>, std::size_t> newest;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].key.name == kCpuTime && accept(i)) newest.insert_or_assign(stored[i].key.attributes, i);
  }
  std::map<std::vector<Attribute>, Derived> by_cpu;  // key: the attributes without mode
  for (std::size_t i = 0; i < stored.size(); ++i) {
    const Series& series = stored[i];
    if (series.key.name != kCpuTime) continue;
    if (const auto it = newest.find(series.key.attributes); it == newest.end() || it->second != i) continue;
    const auto mode = series.key.attribute("mode");
    if (!mode || counted_elsewhere(*mode) || series.quantum.is_real()) continue;
    std::vector<Attribute> rest = series.key.attributes;
    std::erase_if(rest, [](const Attribute& attribute) { return attribute.key == "mode"; });
    Derived& derived = by_cpu[rest];
    derived.inputs.push_back(i);
    if (*mode == "idle" || *mode == "iowait") derived.idle.push_back(i);
  }
  std::vector<Derived> all;
  for (auto& [attributes, derived] : by_cpu) {
    const bool one_form = std::ranges::all_of(
        derived.inputs, [&](std::size_t i) { return same_form(stored[i], stored[derived.inputs.front()]); });
    if (derived.idle.empty() || derived.idle.size() == derived.inputs.size() || !one_form) continue;
    derived.series = {{"system.cpu.utilization", attributes}, "1", Kind::gauge, kReal};
    all.push_back(std::move(derived));
  }
  return all;
}

}  // namespace

std::optional<Increase> increase(const CounterPoint& earlier, const CounterPoint& later, Quantum quantum) noexcept {
  if (!earlier.cell.present || !later.cell.present || later.at <= earlier.at) return std::nullopt;
  const bool same_boot = earlier.boot == later.boot;
  if (quantum.is_real()) return real_increase(value(earlier.cell, quantum), value(later.cell, quantum), same_boot);
  if (!same_boot) return Increase{std::max(0.0, static_cast<double>(later.cell.bits)), false};
  if (later.cell.bits < earlier.cell.bits) return fallen(earlier.cell.bits, later.cell.bits);
  return Increase{distance(earlier.cell.bits, later.cell.bits), true};
}

std::optional<double> rate(const CounterPoint& earlier, const CounterPoint& later, Quantum quantum) noexcept {
  const auto went = increase(earlier, later, quantum);
  if (!went || !went->continuous) return std::nullopt;
  // Doubles, because the distance of two instants that a host made up may not fit 64 bits.
  const double seconds =
      (static_cast<double>(units::unix_ms(later.at)) - static_cast<double>(units::unix_ms(earlier.at))) / 1000.0;
  if (quantum.is_real()) {
    if (!std::isfinite(went->amount)) return std::nullopt;
    return went->amount / seconds;
  }
  return went->amount * static_cast<double>(quantum.multiply) / static_cast<double>(quantum.divide) / seconds;
}

std::string rate_unit(std::string_view unit) {
  if (unit == "s") return "1";
  return std::string(unit) + "/s";
}

std::vector<Derived> derive(std::span<const Series> stored) {
  return derive_from(stored, [](std::size_t) { return true; });
}

std::vector<Derived> derive_ever(std::span<const Series> stored) {
  // Series belong together that have one unit and quantum and had them for the same time, counted by their turn: a host
  // may come back to a quantum.
  std::vector<std::size_t> turns(stored.size());
  std::vector<std::size_t> firsts;  // one series of each turn
  std::map<std::vector<Attribute>, std::vector<std::size_t>> earlier;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (stored[i].key.name != kCpuTime) continue;
    auto& same_key = earlier[stored[i].key.attributes];
    const auto before = std::ranges::count_if(same_key, [&](auto n) { return same_form(stored[n], stored[i]); });
    same_key.push_back(i);
    turns[i] = static_cast<std::size_t>(before);
    const auto together = [&](auto n) { return turns[n] == turns[i] && same_form(stored[n], stored[i]); };
    if (std::ranges::none_of(firsts, together)) firsts.push_back(i);
  }
  std::vector<Derived> all;
  for (const std::size_t first : firsts) {
    std::ranges::move(
        derive_from(stored,
                    [&](std::size_t i) { return turns[i] == turns[first] && same_form(stored[i], stored[first]); }),
        std::back_inserter(all));
  }
  return all;
}

std::optional<Busy> passed(const Derived& derived, std::span<const Cell> earlier,
                           std::span<const Cell> later) noexcept {
  Busy both;
  for (std::size_t i = 0; i < derived.inputs.size(); ++i) {
    if (!earlier[i].present || !later[i].present) return std::nullopt;
    // iowait and idle may step back by a jiffy (proc(5)): that is no time, not a reset.
    if (later[i].bits <= earlier[i].bits) continue;
    const double counted = distance(earlier[i].bits, later[i].bits);
    both.all += counted;
    if (std::ranges::find(derived.idle, derived.inputs[i]) == derived.idle.end()) both.busy += counted;
  }
  if (both.all <= 0) return std::nullopt;
  return both;
}

std::optional<double> evaluate(const Derived& derived, std::span<const Cell> earlier,
                               std::span<const Cell> later) noexcept {
  const auto both = passed(derived, earlier, later);
  if (!both) return std::nullopt;
  return std::clamp(both->busy / both->all, 0.0, 1.0);
}

}  // namespace vedette::metrics
