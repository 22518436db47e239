// Binds the link's ports to collector, schedule and spool. One owner thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/collect/collector.h"
#include "agent/link/ports.h"
#include "agent/sample/schedule.h"
#include "agent/spool/spool.h"
#include "agent/watch/outbox.h"

namespace vedette::app {

class Bridge final : public link::Backlog, public link::Host {
 public:
  struct Self {
    wire::Id128 boot{}, run{};
    std::string hostname;  ///< empty: the machine's own
  };
  /// What waits for the collector beside ticks.
  struct Outboxes {
    watch::Outbox<wire::Happening>& happenings;
    watch::Outbox<wire::Processes>& processes;
  };
  Bridge(collect::Collector& collector, sample::Schedule& schedule, spool::Spool& spool, Outboxes outboxes, Self self);

  /// Takes the tick that is due at `now` and keeps it.
  void take_tick(units::Steady now);

  /// Whether there is a connection that was welcomed.
  void set_connected(bool connected) { spool_.set_connected(connected); }

  void begin(wire::StreamId stream) override { spool_.begin(stream); }
  void withdraw() override { spool_.withdraw(); }
  [[nodiscard]] std::vector<wire::OpenStream> open() const override { return spool_.open(); }
  [[nodiscard]] std::optional<Batch> read(wire::StreamId stream, wire::TickNumber from, std::size_t most) override;
  void release(wire::StreamId stream, wire::TickNumber last) override { spool_.release(stream, last); }
  void set_aside(wire::StreamId stream, wire::TickNumber last) override { spool_.set_aside(stream, last); }
  [[nodiscard]] std::uint64_t dropped() const override { return spool_.dropped(); }

  [[nodiscard]] wire::Facts facts() override;
  [[nodiscard]] wire::Id128 boot_id() const override { return self_.boot; }
  [[nodiscard]] wire::Id128 run_id() const override { return self_.run; }
  [[nodiscard]] units::Instant wall_clock() const override;
  [[nodiscard]] std::span<const metrics::Series> series() const override { return collector_.roster().series(); }
  [[nodiscard]] const std::vector<bool>& reals() const override { return reals_; }
  void welcomed(units::Instant collector_time, units::Milliseconds round_trip, units::Steady now) override;
  void set_interval(units::Milliseconds interval, units::Steady now) override;
  [[nodiscard]] std::vector<Report> reports(const std::set<std::uint64_t>& told, std::size_t most) const override;
  void reports_acked(std::span<const std::uint64_t> ids) override;

 private:
  void note_reals();
  void renumber(const std::shared_ptr<const spool::EarlierRun>& earlier);

  collect::Collector& collector_;
  sample::Schedule& schedule_;
  spool::Spool& spool_;
  Outboxes outboxes_;
  units::Milliseconds offset_{0};  ///< the collector's clock minus the host's, of this connection
  Self self_;
  std::vector<bool> reals_;
  std::shared_ptr<const spool::EarlierRun> earlier_;  ///< whose series were renumbered last
  std::vector<collect::SeriesNumber> renumbered_;     ///< their numbers here, by its own
};

/// 64 random bits, not 0.
[[nodiscard]] wire::StreamId random_stream();
[[nodiscard]] wire::Id128 random_id();

}  // namespace vedette::app
