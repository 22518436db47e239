// Which ticks of one agent wait for their Ack, and when each was taken: spool::Spool's bookkeeping with times.
#pragma once

#include <deque>
#include <vector>

#include "schema/wire/messages.h"
#include "tests/load/swarm/report.h"

namespace vedette::swarm {

class Unacked {
 public:
  explicit Unacked(wire::StreamId first) : stream_(first) {}

  /// A tick was kept under `number` of the newest stream, at the host's time `at`.
  void add(wire::TickNumber number, units::Instant at, units::Steady taken);
  void begin(wire::StreamId stream);
  void withdraw();
  void confirm(units::Milliseconds offset);
  /// Ticks up to `last` are durable: their latencies go to `report`, their times (collector's clock) to acked().
  void release(wire::StreamId stream, wire::TickNumber last, units::Steady now, Report& report);

  [[nodiscard]] std::size_t size() const noexcept { return ticks_.size(); }
  [[nodiscard]] const std::vector<std::int64_t>& acked() const noexcept { return acked_; }
  [[nodiscard]] units::Milliseconds offset() const noexcept { return offset_; }

 private:
  struct Tick {
    wire::StreamId stream;
    wire::TickNumber number;
    units::Instant at;  ///< host's
    units::Steady taken;
    bool placed;  ///< `at` is in the collector's time already
  };
  std::deque<Tick> ticks_;
  wire::StreamId stream_, before_ = 0;
  wire::TickNumber next_ = 1, next_before_ = 1;
  bool tentative_ = false, known_ = false;
  units::Milliseconds offset_{0};
  std::vector<std::int64_t> acked_;  ///< ms
};

}  // namespace vedette::swarm
