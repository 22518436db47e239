// What a simulated host measures: the recording in tests/golden under the catalogue's names, as an agent announces it.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "schema/metrics/series.h"
#include "tests/golden/recording.h"

namespace vedette::swarm {

/// Read once, shared by all hosts.
class Recording {
 public:
  Recording();
  [[nodiscard]] const std::vector<metrics::Series>& series() const noexcept { return series_; }
  [[nodiscard]] const std::vector<bool>& reals() const noexcept { return reals_; }  ///< none
  [[nodiscard]] std::size_t readings() const noexcept { return readings_.size(); }
  [[nodiscard]] std::int64_t value(std::size_t reading, std::size_t series) const {
    return readings_[reading].values[columns_[series]];
  }

 private:
  void add(std::size_t column, const char* name, std::vector<metrics::Attribute> attributes);

  std::vector<golden::Reading> readings_;
  std::vector<metrics::Series> series_;
  std::vector<std::size_t> columns_;
  std::vector<bool> reals_;
};

/// Walks through the recording from a place of its own, round and round: counters go on growing at its end.
class RecordedHost {
 public:
  RecordedHost(const Recording& recording, std::uint64_t seed);
  /// The values after another `span`, which is rounded to the recording's 100 ms (at least one).
  [[nodiscard]] std::vector<metrics::Cell> next(std::chrono::milliseconds span);

 private:
  const Recording& recording_;
  std::size_t at_;
  std::vector<std::int64_t> gone_;  ///< by series: what counters grew in earlier rounds
};

}  // namespace vedette::swarm
