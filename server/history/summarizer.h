// From ticks, or rows of a tier, to summaries of stretches of equal length. Pure; fed in order of time. Building the
// tiers and answering with a step are the same work.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "schema/metrics/rate.h"
#include "server/domain/history_store.h"
#include "server/history/rows.h"
#include "server/history/summary.h"

namespace vedette::history {

/// Over a longer absence no rate is told, as it would say nothing of the stretch that the later tick lies in.
inline constexpr units::Milliseconds kLongestGap{600'000};

/// The beginning of the stretch of this length, aligned to the epoch, that a time lies in. ms.
[[nodiscard]] constexpr std::int64_t floor_to(std::int64_t time, std::int64_t length) noexcept {
  const std::int64_t rest = time % length;
  return time - (rest < 0 ? rest + length : rest);
}

/// A series to summarise: stored, or derived from stored ones.
struct Source {
  metrics::Kind kind = metrics::Kind::gauge;  ///< of a stored one
  metrics::Quantum quantum;
  std::optional<metrics::Derived> derived;
  std::vector<std::size_t> inputs;  ///< positions among the rows' columns (see resolve_inputs); a stored one has one
  /// Where its summaries are kept in a tier: its series number; a derived one's first input.
  std::uint32_t number = 0;
  [[nodiscard]] bool level() const noexcept { return !derived && kind == metrics::Kind::gauge; }
};

/// Inputs are series numbers still (see resolve_inputs), of these three.
[[nodiscard]] Source source_of(const domain::StoredSeries& stored);
/// `stored`: the list that `derived` refers to.
[[nodiscard]] Source source_of(metrics::Derived derived, std::span<const domain::StoredSeries> stored);
/// Everything a host's series can be summarised to, stored and derived.
[[nodiscard]] std::vector<Source> all_sources(std::span<const domain::StoredSeries> stored);
/// Turns the inputs from series numbers into positions among the numbers that are returned, ascending.
[[nodiscard]] std::vector<std::uint32_t> resolve_inputs(std::span<Source> sources);

/// Rows of a tier: when each begins, and what each source did then.
struct TierRows {
  std::vector<std::int64_t> times;            ///< Unix ms, ascending
  std::vector<std::vector<Summary>> columns;  ///< by source
};

class Summarizer {
 public:
  /// Gets each stretch in which any source has a sample: its beginning and a summary a source.
  using Sink = std::function<void(std::int64_t begin, std::span<const Summary>)>;

  /// Where counters stood before `time`, by position in `series` (numbers, ascending). Asked at most once a run of
  /// ticks, when one has a sample and none was in the ticks before: an interface may be away while its host isn't.
  using Earlier = std::function<std::vector<std::optional<metrics::CounterPoint>>(
      std::int64_t time, std::span<const std::uint32_t> series)>;

  /// `length`: of a stretch, ms; aligned to the epoch. `sources` must outlive this. Without `earlier` a counter's first
  /// sample only tells where it stands.
  Summarizer(std::span<const Source> sources, std::int64_t length, Sink sink, Earlier earlier = {});

  /// Ticks in [from, to] count; earlier ones only tell where counters stood.
  void feed(const Rows& rows, std::int64_t from, std::int64_t to);
  /// A row counts into the stretch that it begins in. Ticks that follow them tell anew where counters stood.
  void feed(const TierRows& rows);
  /// The stretch that is still open has ended.
  void finish();

 private:
  // Where a source stood at its last complete tick.
  struct Stand {
    std::optional<metrics::CounterPoint> point;
    std::vector<metrics::Cell> cells;
    std::uint32_t boot = 0;
    std::int64_t time = 0;
  };
  void open(std::int64_t time);
  void look_back(std::size_t source, const Rows& rows, std::size_t begin, std::size_t end);
  void add(std::size_t source, const Rows& rows, std::size_t begin, std::size_t end, bool counts);
  static void add_level(const Source& source, Summary& into, const Rows& rows, std::size_t begin, std::size_t end);
  static void add_counter(const Source& source, Stand& stand, Summary* into, const Rows& rows, std::size_t begin,
                          std::size_t end);
  static void add_derived(const Source& source, Stand& stand, Summary* into, const Rows& rows, std::size_t begin,
                          std::size_t end);

  const std::span<const Source> sources_;
  const std::int64_t length_;
  const Sink sink_;
  const Earlier earlier_;
  std::optional<std::int64_t> run_begin_;  ///< of the run of ticks
  bool asked_earlier_ = false;             ///< in it
  std::vector<Stand> stands_;
  std::vector<Summary> open_;
  std::int64_t begin_ = 0;
  bool is_open_ = false;
};

}  // namespace vedette::history
