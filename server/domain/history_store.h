// The store of samples, as the other roles see it. Default: server/history over SQLite. All methods: any thread.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/result.h"
#include "server/domain/ids.h"
#include "server/domain/tick.h"

namespace vedette::domain {

struct StoredSeries {
  SeriesNumber number{};
  metrics::Series series;
};

/// What an answer tells of a step's samples.
enum class Aggregate : std::uint8_t {
  average,
  minimum,
  maximum,
  last,      ///< the last sample, of a counter its cumulative value; not of derived series
  count,     ///< of samples
  increase,  ///< how far a counter went (metrics::increase), whatever it is shown as; of counters only
  /// The value, or a counter's rate, that 95 of 100 samples don't exceed (nearest rank). Read from samples as long as
  /// these are kept; where they aren't, it is that of the averages of minutes or hours, and the answer says so.
  percentile_95,
};

/// One host's samples over [from, to]. step 0 asks for raw samples. Counters come as rates unless `totals`.
struct HistoryQuery {
  HostNumber host{};
  std::vector<metrics::Selector> series;
  units::Instant from{}, to{};
  units::Milliseconds step{0};
  bool totals = false;
  std::set<Aggregate> aggregates{Aggregate::average, Aggregate::minimum, Aggregate::maximum};  ///< only with a step
  std::stop_token gone{};  ///< nobody waits for the answer any more: the query ends soon, with `unavailable`
};

/// Columns of one series. Raw: `average` holds the values, all others are empty. With a step: one entry a step that
/// holds data, t is the step's start; steps without data are left out (a gap is a jump in t). Columns that weren't
/// asked for, or that such a series hasn't, are empty; what a step can't tell (a rate of one sample) is NaN.
struct HistoryColumns {
  metrics::Series series;  ///< as answered: a rate's unit is "By/s", kind gauge
  std::vector<units::Instant> t;
  std::vector<double> average, minimum, maximum;
  std::vector<double> last, increase;  ///< in the base unit, never per second
  std::vector<double> count;
  std::vector<double> percentile_95;
};

/// The columns of an answer in steps, in the order in which they are shown, and what `agg` of the API calls them.
struct HistoryColumn {
  std::string_view name;
  Aggregate aggregate;
  std::vector<double> HistoryColumns::* values;
};
inline constexpr HistoryColumn kHistoryColumns[] = {{"avg", Aggregate::average, &HistoryColumns::average},
                                                    {"min", Aggregate::minimum, &HistoryColumns::minimum},
                                                    {"max", Aggregate::maximum, &HistoryColumns::maximum},
                                                    {"last", Aggregate::last, &HistoryColumns::last},
                                                    {"count", Aggregate::count, &HistoryColumns::count},
                                                    {"increase", Aggregate::increase, &HistoryColumns::increase},
                                                    {"p95", Aggregate::percentile_95, &HistoryColumns::percentile_95}};

/// A stretch in which an answer tells less than was asked for.
struct Incomplete {
  enum class Why : std::uint8_t {
    damaged,  ///< what is on the disk couldn't be read, and nothing else tells it
    removed,  ///< samples as they came aren't kept any more; asking with a step finds what is made of them
    coarser,  ///< rows of `tier` stand in for what was asked for: they are longer than a step, or tell no percentile
    open,     ///< the step isn't over: more samples will come
  };
  Why why{};
  units::Instant from{}, to{};
  std::string tier;  ///< what was read there; of what is damaged or removed, what should have been
};

struct HistoryAnswer {
  std::string tier;  ///< "raw", "1m", "1h": the coarsest that was read where it could be
  units::Milliseconds step{0};
  std::vector<HistoryColumns> series;
  std::vector<Incomplete> incomplete{};  ///< in order of time
};

/// How far counters of one host went in stretches of time: stretch n is [borders[n], borders[n + 1]).
struct IncreaseQuery {
  HostNumber host{};
  std::vector<metrics::Selector> series;  ///< what they select beside counters is left out
  std::vector<units::Instant> borders;    ///< ascending, whole hours; 2 to kMostBorders
  static constexpr std::size_t kMostBorders = 1'000;
  std::stop_token gone{};  ///< as a HistoryQuery's
};

/// One counter's, over reboots, restarts of its source and wraps (metrics::increase). An increase belongs to the later
/// of two samples, so that what was counted while the host was away is in the stretch in which it is back. What was
/// counted before the first sample ever isn't in any.
struct CounterIncreases {
  struct Stretch {
    units::Instant since{};    ///< the beginning of its first hour with a sample
    std::uint64_t amount = 0;  ///< in whole base units, not rounded before the end
  };
  metrics::SeriesKey key;
  std::string unit;                               ///< the base unit
  std::vector<std::optional<Stretch>> stretches;  ///< absent: no sample
};

/// What history takes on the disk, and what it will hold.
struct HistoryBudget {
  struct Tier {
    std::string name;  ///< "raw", "1m", "1h"
    std::uint64_t bytes = 0;
    std::optional<units::Instant> oldest{};  ///< of what it holds now
    double bytes_per_day = 0;                ///< measured: of the newest whole period, else of the present one
    units::Milliseconds keep{};              ///< the age it is kept to
    units::Milliseconds holds{};             ///< how far back it will reach: `keep`, or less if the budget bites first
  };
  std::optional<std::uint64_t> bytes;  ///< the budget; absent: unbounded
  std::uint64_t used = 0;              ///< all tiers, and what isn't in a tier yet
  std::vector<Tier> tiers;
};

class HistoryStore {
 public:
  virtual ~HistoryStore() = default;

  /// Numbers for these series of a host, making new ones; durable no later than the first tick that uses them.
  /// `too_large` over the cap of series a host.
  virtual units::Result<std::vector<SeriesNumber>> assign(HostNumber host, std::span<const metrics::Series> series) = 0;
  [[nodiscard]] virtual std::vector<StoredSeries> series(HostNumber host) const = 0;

  /// The number of this boot of the host (1 for its first, the same for the same id, one more for a new one); durable
  /// no later than the first tick that uses it.
  virtual std::uint32_t boot_number(HostNumber host, const std::array<std::uint8_t, 16>& boot_id) = 0;
  /// The highest of them, 0 if there is none: a boot that gets a higher number was not heard of before this call.
  [[nodiscard]] virtual std::uint32_t newest_boot(HostNumber host) const = 0;

  /// Takes a batch for the next commit; ticks at or below the stream's newest accepted number are dropped here (that is
  /// what makes delivery exactly once); a batch of nothing else makes the next commit tell the stream's mark again.
  /// False when the queue is full, or the host has far more streams than were saved yet: stop reading from that agent
  /// and try again after `on_room`, or in a while.
  [[nodiscard]] virtual bool submit(SharedBatch batch) = 0;

  /// Newest number accepted of a stream, 0 if none: where an agent resumes.
  [[nodiscard]] virtual std::uint64_t resume_point(HostNumber host, std::uint64_t stream) const = 0;

  /// Called on the writer's thread after each commit, with what became durable. Set before start.
  using Committed = std::function<void(std::span<const StreamMark>)>;
  virtual void on_commit(Committed callback) = 0;

  /// Called on the writer's thread when there is room again after submit() said false. Must not block. Set before
  /// start.
  virtual void on_room(std::function<void()> /*callback*/) {}  // NOLINT(performance-unnecessary-value-param)

  /// Samples up to this call's start, durable or not. `invalid` for a bad range or too many points, `timeout` past 10
  /// s, `unavailable` if nobody waits for it any more.
  [[nodiscard]] virtual units::Result<HistoryAnswer> query(const HistoryQuery& query) const = 0;

  /// The same samples, added up; read from hours where these are built. A series without a sample is left out.
  /// `invalid` for bad borders, `timeout` past 10 s.
  [[nodiscard]] virtual units::Result<std::vector<CounterIncreases>> increases(const IncreaseQuery& query) const = 0;

  /// Newest tick time of a host, durable or not; and whether ticks exist without a hole over `gap` in (from, to).
  [[nodiscard]] virtual std::optional<units::Instant> newest(HostNumber host) const = 0;
  [[nodiscard]] virtual bool covered(HostNumber host, units::Instant from, units::Instant to,
                                     units::Milliseconds gap) const = 0;

  [[nodiscard]] virtual HistoryBudget budget() const { return {}; }

  /// Drops a host's samples and series; their room on the disk is free afterwards.
  virtual units::Result<void> forget(HostNumber host) = 0;

  /// Empty when well; otherwise what is wrong in a person's words ("disk full: 12 ticks lost since 03:02").
  [[nodiscard]] virtual std::string trouble() const = 0;

  /// Commits what was submitted and stops the threads. After it submit() returns false.
  virtual void stop() = 0;
};

}  // namespace vedette::domain
