// What a series did in a stretch of time: a row of the tiers, and a step of an answer. Summaries of neighbouring
// stretches merge exactly, so that an hour is the same whether it comes from its samples or from its minutes. Pure.
#pragma once

#include <algorithm>
#include <cstdint>

namespace vedette::history {

/// In the series' quanta. A ratio that is derived from counters (system.cpu.utilization) is summarised as a counter is:
/// its `sum` is what was busy, `covered` all that passed.
struct Summary {
  std::int64_t count = 0;  ///< samples (of a ratio: intervals); 0: none, and all else means nothing
  double minimum = 0;      ///< of the samples; of a counter's rates, per second
  double maximum = 0;      ///< likewise
  double sum = 0;          ///< of the samples; how far a counter went while its rates are known
  double covered = 0;      ///< a counter's: the time for which its rates are known, ms; 0: none
  double extra = 0;  ///< a counter's: what it counted beside: before a new boot's first sample, over absences of more
                     ///< than ten minutes
  std::int64_t last = 0;  ///< the last sample's cell, of a counter its cumulative value
  bool operator==(const Summary&) const = default;

  /// A level's sample, finite.
  void add(double value, std::int64_t cell) noexcept {
    widen(count == 0, value, value);
    sum += value;
    last = cell;
    ++count;
  }
  /// A counter went `amount` in `ms`, or of a ratio, `amount` of `ms` was busy; ms > 0.
  void add_rate(double amount, double ms, double rate) noexcept {
    widen(covered == 0, rate, rate);
    sum += amount;
    covered += ms;
  }
  /// `later` begins where this ends.
  void merge(const Summary& later, bool level) noexcept {
    if (later.count == 0) return;
    if (level ? true : later.covered > 0) widen(level ? count == 0 : covered == 0, later.minimum, later.maximum);
    count += later.count;
    sum += later.sum;
    covered += later.covered;
    extra += later.extra;
    last = later.last;
  }

 private:
  void widen(bool first, double low, double high) noexcept {
    minimum = first ? low : std::min(minimum, low);
    maximum = first ? high : std::max(maximum, high);
  }
};

}  // namespace vedette::history
