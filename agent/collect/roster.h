// The series this run of the agent has seen, each with its small number: dense from 0, never reused, never forgotten,
// so that ticks kept for a day still mean the same series. One owner thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/metrics/series.h"

namespace vedette::collect {

using SeriesNumber = std::uint32_t;
inline constexpr SeriesNumber kRefused = 0xffff'ffff;

class Roster {
 public:
  /// `limit`: most series (the protocol's, wire::kMaxSeries, unless told).
  Roster();
  explicit Roster(std::size_t limit) : limit_(limit) {}

  using Attributes = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  /// A new series of a catalogue metric. The caller asks once for each and keeps the number. Bytes of a value that
  /// aren't UTF-8 (a mount point, a device may hold any) become U+FFFD. kRefused when there are too many, a name breaks
  /// a limit, or two such values would be the same series; Draft::put ignores it. The first refusal of each kind is
  /// logged.
  SeriesNumber add(std::string_view metric, Attributes attributes = {});

  /// The number of a series that ticks of an earlier run hold: the one it has, or a new one. A source that adds it
  /// later gets the same. kRefused when there are too many.
  SeriesNumber adopt(const metrics::Series& series);

  /// No room for another series; counts and logs like a refusal. A source that meets ever new names (mounts,
  /// interfaces) asks before it keeps one more.
  [[nodiscard]] bool full();

  [[nodiscard]] std::span<const metrics::Series> series() const noexcept { return series_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }  ///< times something was refused

 private:
  [[nodiscard]] bool announceable(const metrics::Series& series) const;

  std::size_t limit_;
  std::vector<metrics::Series> series_;
  std::uint64_t refused_ = 0;
  std::vector<SeriesNumber> adopted_;  ///< that no source has added yet
  bool full_told_ = false, odd_told_ = false;
};

/// The tick being filled: cells by number, absent until put.
class Draft {
 public:
  Draft(Roster& roster, std::vector<metrics::Cell>& cells) : roster_(roster), cells_(cells) {}

  [[nodiscard]] Roster& roster() noexcept { return roster_; }

  /// `value` counts quanta of the series (schema/metrics/catalogue.h).
  void put(SeriesNumber number, std::int64_t value);

 private:
  Roster& roster_;
  std::vector<metrics::Cell>& cells_;
};

}  // namespace vedette::collect
