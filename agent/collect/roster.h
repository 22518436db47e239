// The series this run of the agent has seen, each with its small number: dense from 0, never reused, never forgotten,
// so that ticks kept for a day still mean the same series. One owner thread.
#pragma once

#include <array>
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

  using Attribute = std::pair<std::string_view, std::string_view>;
  using Attributes = std::initializer_list<Attribute>;

  /// A new series of a catalogue metric. The caller asks once for each and keeps the number. Bytes of a value that
  /// aren't UTF-8 (a mount point, a device may hold any) become U+FFFD. kRefused when there are too many, a name breaks
  /// a limit, or two such values would be the same series; Draft::put ignores it. The first refusal of each kind is
  /// logged.
  SeriesNumber add(std::string_view metric, std::span<const Attribute> attributes);
  SeriesNumber add(std::string_view metric, Attributes attributes = {}) {
    return add(metric, std::span(attributes.begin(), attributes.size()));
  }

  /// A series that isn't the catalogue's, as its script made it. As add().
  SeriesNumber add_own(metrics::Series series);

  /// What is added from now on belongs to this source (the collector's number of it).
  void set_owner(std::uint8_t owner) noexcept { owner_ = owner; }
  [[nodiscard]] std::span<const std::uint8_t> owners() const noexcept { return owners_; }  ///< by series number

  /// The number of a series that ticks of an earlier run hold: the one it has, or a new one. A source that adds it
  /// later gets the same. kRefused when there are too many.
  SeriesNumber adopt(const metrics::Series& series);

  /// No room for another series; counts and logs like a refusal. A source that meets ever new names (mounts,
  /// interfaces) asks before it keeps one more.
  [[nodiscard]] bool full();

  [[nodiscard]] std::span<const metrics::Series> series() const noexcept { return series_; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }  ///< times something was refused

 private:
  SeriesNumber append(metrics::Series series, bool may_be_known);

  std::size_t limit_;
  std::vector<metrics::Series> series_;
  std::vector<std::uint8_t> owners_;
  std::uint8_t owner_ = 0;
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

/// One series without a name of the machine's own in it: joins the roster when it first has a value, so that what a
/// machine lacks takes nothing. Views must outlive it: literals.
class LateSeries {
 public:
  explicit LateSeries(std::string_view metric) : metric_(metric) {}
  LateSeries(std::string_view metric, Roster::Attribute first, Roster::Attribute second = {})
      : metric_(metric), attributes_{first, second}, count_(second.first.empty() ? 1 : 2) {}

  /// Nothing if absent; what doesn't fit 63 bits stands at their end.
  void put(Draft& draft, std::optional<std::uint64_t> value);
  void put_signed(Draft& draft, std::int64_t value);

 private:
  std::string_view metric_;
  std::array<Roster::Attribute, 2> attributes_{};
  std::size_t count_ = 0;
  std::optional<SeriesNumber> number_;
};

}  // namespace vedette::collect
