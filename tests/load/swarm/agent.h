// A simulated agent: the agent's own conversation, spool, back-off and TLS around recorded data and one shared loop.
// What link::Link does for one agent with poll(2) and a resolver of its own, this does for ten thousand.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "agent/link/backoff.h"
#include "agent/link/conversation.h"
#include "agent/spool/spool.h"
#include "tests/load/swarm/channel.h"
#include "tests/load/swarm/dialing.h"
#include "tests/load/swarm/recorded_host.h"
#include "tests/load/swarm/report.h"
#include "tests/load/swarm/unacked.h"

namespace vedette::swarm {

/// What all agents share; outlives them.
struct Field {
  Loop& loop;
  const Target& target;
  const Recording& recording;
  Report& report;
  std::mt19937_64& random;
  units::Instant wall;  ///< the host clock's time at `steady`
  units::Steady steady;
  std::size_t connected = 0;  ///< agents with a Welcome now
  Dialing dialing{256};
};

struct AgentPlan {
  std::size_t number = 0;
  std::string host_id;  ///< 32 hex digits
  std::string key;
  units::Milliseconds interval{1'000};  ///< between ticks; 0: none
  units::Steady first;                  ///< when it connects first
};

class Agent final : public Source, private link::Backlog, private link::Host {
 public:
  Agent(Field& field, AgentPlan plan);

  /// No ticks from now on; the connection stays.
  void rest() { ticking_ = false; }
  /// Says goodbye.
  void leave();
  [[nodiscard]] const std::string& host_id() const noexcept { return plan_.host_id; }
  [[nodiscard]] bool connected() const noexcept { return counted_; }
  [[nodiscard]] const Unacked& unacked() const noexcept { return unacked_; }
  [[nodiscard]] std::uint64_t ticks_dropped() const { return spool_.dropped(); }
  /// When the live tick of that time (collector's clock, ms) was taken; nothing for others and long ago.
  [[nodiscard]] std::optional<units::Steady> taken(std::int64_t at_ms) const;

  void on_ready(units::Steady now) override;
  void on_time(units::Steady now) override;

 private:
  enum class State { waiting, connecting, upgrading, open, leaving };

  void dial(units::Steady now);
  void may_dial();
  void connect(units::Steady now);
  void upgrade(units::Steady now);
  void read_upgrade(units::Steady now);
  void talk(units::Steady now, bool read);
  bool read_all(units::Steady now);
  bool write_all(units::Steady now);
  void note_progress();
  void take_tick(units::Steady now);
  void end(const std::string& why, units::Steady now, units::Milliseconds at_least = {});
  void arm();

  // link::Backlog, link::Host
  void begin(wire::StreamId stream) override;
  void withdraw() override;
  [[nodiscard]] std::vector<wire::OpenStream> open() const override { return spool_.open(); }
  [[nodiscard]] std::optional<Batch> read(wire::StreamId stream, wire::TickNumber from, std::size_t most) override;
  void release(wire::StreamId stream, wire::TickNumber last) override;
  void set_aside(wire::StreamId stream, wire::TickNumber last) override { spool_.set_aside(stream, last); }
  [[nodiscard]] std::uint64_t dropped() const override { return spool_.dropped(); }
  [[nodiscard]] wire::Facts facts() override;
  [[nodiscard]] wire::Id128 boot_id() const override { return boot_id_; }
  [[nodiscard]] wire::Id128 run_id() const override { return run_id_; }
  [[nodiscard]] units::Instant wall_clock() const override;
  [[nodiscard]] std::span<const metrics::Series> series() const override { return field_.recording.series(); }
  [[nodiscard]] const std::vector<bool>& reals() const override { return field_.recording.reals(); }
  void welcomed(units::Instant collector_time, units::Milliseconds round_trip, units::Steady now) override;
  void set_interval(units::Milliseconds, units::Steady) override {}  // --rate is the swarm's
  [[nodiscard]] std::vector<Report> reports(const std::set<std::uint64_t>&, std::size_t) const override { return {}; }
  void reports_acked(std::span<const std::uint64_t>) override {}

  [[nodiscard]] wire::StreamId new_stream();
  [[nodiscard]] double fraction();
  [[nodiscard]] units::Instant host_time(units::Steady now) const;

  struct Taken {
    std::int64_t at_ms = 0;
    units::Steady when{};
  };

  Field& field_;
  AgentPlan plan_;
  Channel channel_;
  RecordedHost host_;
  const wire::StreamId first_stream_;
  spool::Spool spool_;
  Unacked unacked_;
  link::Backoff backoff_;
  wire::Id128 boot_id_{}, run_id_{};
  State state_ = State::waiting;
  units::Steady until_{}, heard_{}, tick_due_{};
  std::string outgoing_, incoming_;
  std::unique_ptr<link::Conversation> conversation_;
  bool ticking_ = true, counted_ = false, ever_ = false, acked_ = false;
  bool dialing_ = false;  ///< counted in Field::dialing
  std::array<Taken, 32> recent_{};
  std::size_t next_recent_ = 0;
};

}  // namespace vedette::swarm
