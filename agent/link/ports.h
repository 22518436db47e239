// What the link needs from the rest of the agent; app/ binds it.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"

namespace vedette::link {

/// Ticks that aren't acked yet, by stream, oldest stream first.
class Backlog {
 public:
  struct Batch {
    wire::TickNumber first = 0;
    std::vector<wire::TickRow> rows;  ///< consecutive, in the collector's time, cells as Host::series() numbers them
    std::optional<wire::Id128> boot_id{};  ///< the earlier boot they were taken in; absent: this one
  };

  virtual ~Backlog() = default;
  /// A connection begins whose ticks shall belong to `stream`; `withdraw` if its Welcome never came.
  virtual void begin(wire::StreamId stream) = 0;
  virtual void withdraw() = 0;
  [[nodiscard]] virtual std::vector<wire::OpenStream> open() const = 0;
  /// Up to `most` ticks from `from` on; nothing if there is none. Ticks of an earlier run may bring series of theirs:
  /// Host::series() has them after this call.
  [[nodiscard]] virtual std::optional<Batch> read(wire::StreamId stream, wire::TickNumber from, std::size_t most) = 0;
  virtual void release(wire::StreamId stream, wire::TickNumber last) = 0;
  virtual void set_aside(wire::StreamId stream, wire::TickNumber last) = 0;
  [[nodiscard]] virtual std::uint64_t dropped() const = 0;  ///< ticks lost to the backlog's bounds so far
};

/// This machine and this run of the agent.
class Host {
 public:
  virtual ~Host() = default;
  [[nodiscard]] virtual wire::Facts facts() = 0;
  [[nodiscard]] virtual wire::Id128 boot_id() const = 0;
  [[nodiscard]] virtual wire::Id128 run_id() const = 0;
  /// The machine's own clock as it stands now, steps included: the collector shows its skew. Ticks don't carry it.
  [[nodiscard]] virtual units::Instant wall_clock() const = 0;
  [[nodiscard]] virtual std::span<const metrics::Series> series() const = 0;
  [[nodiscard]] virtual const std::vector<bool>& reals() const = 0;  ///< see wire::TickEncoder::encode
  /// The collector's Welcome arrived `round_trip` after our Hello: fixes the time of the newest stream's ticks.
  virtual void welcomed(units::Instant collector_time, units::Milliseconds round_trip, units::Steady now) = 0;
  virtual void set_interval(units::Milliseconds interval, units::Steady now) = 0;
  /// A Happening or Processes, and its id.
  struct Report {
    std::uint64_t id = 0;
    wire::AgentMessage message;
  };
  /// Up to `most` reports that aren't acked and not `told` yet, oldest first, in the collector's time. After the
  /// Welcome.
  [[nodiscard]] virtual std::vector<Report> reports(const std::set<std::uint64_t>& told, std::size_t most) const = 0;
  /// The collector has these: they aren't told again.
  virtual void reports_acked(std::span<const std::uint64_t> ids) = 0;
};

}  // namespace vedette::link
