// An agent's connection: carries messages to the intake, ticks to store and fleet, acks and pings to the agent.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>

#include "server/domain/clock.h"
#include "server/domain/connection.h"
#include "server/domain/executor.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"
#include "server/domain/process_records.h"
#include "server/ingest/ack_book.h"
#include "server/ingest/allowance.h"
#include "server/ingest/intake.h"
#include "server/ingest/roster.h"
#include "server/ingest/verdict.h"

namespace vedette::ingest {

/// What happened on all agent connections since the start. Any thread reads.
struct Counters {
  std::atomic<std::uint64_t> restamped{0};  ///< ticks with an impossible time, which got the collector's
  std::atomic<std::uint64_t> put_off{0};    ///< agents told to come back later: what they sent found no room
  /// Times reading from an agent paused because it had sent its messages or bytes a second.
  std::atomic<std::uint64_t> over_messages{0}, over_bytes{0};
};

/// What all agent connections share. Everything outlives them. `control` runs HostObserver's calls.
struct AgentPorts {
  domain::HistoryStore& history;
  domain::ProcessRecords& processes;
  domain::HostObserver& observer;
  domain::Executor& control;
  domain::ConnectionRouter& router;
  const domain::Clock& clock;
  Roster& roster;
  AckBook& acks;
  Counters& counters;
  Rates rates;  ///< of one agent
  IntakeLimits intake;
};

/// Made at the upgrade, called on the connection's loop thread only.
class AgentStream final : public domain::ConnectionHandler {
 public:
  AgentStream(domain::HostRecord host, AgentPorts ports, PulseTimes times = {});

  void on_open(domain::Connection& connection) override;
  void on_text(std::string_view payload) override;
  void on_binary(std::span<const std::uint8_t> payload) override;
  void on_pong(std::span<const std::uint8_t> payload) override;
  void on_end(const domain::Ending& ending) override;

 private:
  void receive(const wire::Hello& hello);
  void receive(const wire::Announce& announce);
  void receive(const wire::TickMessage& tick);
  void receive(const wire::Backfill& backfill);
  void receive(const wire::Happening& happening);
  void receive(const wire::Goodbye& goodbye);
  void receive(const wire::Evidence& evidence);
  void receive(const wire::Processes& processes);

  [[nodiscard]] bool behind_proxy() const { return !connection_->path().proxy.empty(); }
  [[nodiscard]] bool take_over(const wire::Hello& hello);  ///< false if the host was revoked meanwhile
  void send_away();                                        ///< asks it to come back later
  void welcome(const wire::Hello& hello, wire::Welcome welcome);
  void handle(std::span<const std::uint8_t> payload);
  void keep(std::span<const std::uint8_t> payload);  ///< it was read before the pause: its turn comes after it
  void hand_on(domain::SharedBatch batch);
  /// Does what waits, in order; pauses reading while the store has no room or the allowance is spent.
  void pump();
  [[nodiscard]] bool advance();  ///< one step of it; false if there is none, or it must wait
  void on_step();
  void wait_for_hello(units::Steady now);
  void note_backfill(units::Steady now);  ///< is it done? Told once what was accepted is with the store
  void obey(const PulseStep& step);
  void send_ping();
  void acknowledge();
  void fail(const Fault& fault);
  void tell(domain::Sighting sighting);
  /// Runs on the control thread, and only while this connection still speaks for the host.
  void on_control(std::function<void(domain::HostObserver&)> task);
  void after(units::Milliseconds delay, domain::Executor::TimerId& timer, void (AgentStream::*method)());

  static constexpr units::Milliseconds kAckEvery{5'000};

  AgentPorts ports_;
  PulseTimes times_;
  Intake intake_;
  domain::Connection* connection_ = nullptr;
  std::shared_ptr<AckSlot> slot_;
  PulseState pulse_;
  Allowance allowance_;
  domain::SharedBatch waiting_;    ///< the store had no room for it, or will be asked next
  std::deque<std::string> inbox_;  ///< messages read before the pause: bounded, see kMostKept
  std::size_t inbox_bytes_ = 0;
  enum class Backfilling : std::uint8_t { lasts, ended, told } backfilling_ = Backfilling::lasts;
  domain::Executor::TimerId step_timer_ = 0, pump_timer_ = 0;
  units::Steady last_ack_{}, opened_{};
  std::optional<units::Steady> welcomed_;
  std::optional<units::Steady> last_backfill_;   ///< or since when the agent waits for acks of what it keeps
  std::optional<units::Milliseconds> raw_skew_;  ///< Hello's clock minus ours on arrival, before the way is subtracted
  std::optional<Fault> fault_;                   ///< why we closed
  bool said_goodbye_ = false;
  std::uint64_t restamped_told_ = 0;
};

}  // namespace vedette::ingest
