// Hosts made from the recording in tests/golden: 40 series each, a tick a second, for ever.
//
// Each second of a host replays the change of every column over a random second of the recording, so that counters
// grow and levels wander as they really did; levels stay within what was recorded. A host alternates between stretches
// (30 s to 10 min), every second one idle: its windows come from the quietest quarter of the recording. Hosts start at
// random readings and tick at random milliseconds. Fixed seed.
#pragma once

#include <random>
#include <vector>

#include "schema/metrics/series.h"
#include "server/domain/tick.h"
#include "tests/golden/recording.h"

namespace vedette::bench {

/// What a counter is told as: what it has counted, as our agents do, or what that grew by since the second before, as a
/// level.
enum class Form { counters, rates };

/// The 40 series of every host.
[[nodiscard]] std::vector<metrics::Series> fleet_series(Form form = Form::counters);

/// The recording, and what all hosts need to know of it.
class Recording {
 public:
  Recording();
  /// One second's change starting at reading `at`.
  [[nodiscard]] std::int64_t change(std::size_t at, std::size_t column) const;
  [[nodiscard]] std::int64_t value(std::size_t at, std::size_t column) const { return readings_[at].values[column]; }
  [[nodiscard]] std::int64_t lowest(std::size_t column) const { return lowest_[column]; }
  [[nodiscard]] std::int64_t highest(std::size_t column) const { return highest_[column]; }
  [[nodiscard]] std::size_t windows() const { return readings_.size() - golden::kReadingsPerSecond; }
  [[nodiscard]] const std::vector<std::size_t>& quiet() const { return quiet_; }

 private:
  std::vector<golden::Reading> readings_;
  std::vector<std::int64_t> lowest_, highest_;
  std::vector<std::size_t> quiet_;  ///< windows of the quietest quarter
};

class Host {
 public:
  Host(const Recording& recording, std::uint64_t seed, Form form = Form::counters);
  /// The tick of the second that starts at `second` (Unix ms).
  [[nodiscard]] domain::Tick tick(std::int64_t second);

 private:
  const Recording& recording_;
  Form form_;
  std::mt19937_64 random_;
  std::vector<std::int64_t> values_;  ///< by series
  std::int64_t offset_ms_;
  std::size_t left_ = 0;  ///< seconds of this stretch
  bool idle_ = false;
};

/// Host n has seed n + 1: whoever makes them makes the same ones.
[[nodiscard]] std::vector<Host> hosts_of(const Recording& recording, std::size_t count, Form form = Form::counters);

}  // namespace vedette::bench
