// One connection's talk with the collector after the upgrade: Hello, Welcome, announcements, live ticks, backfill,
// acks, goodbye. Bytes and time are passed in; no socket. One owner thread.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "agent/link/ports.h"
#include "schema/wire/messages.h"
#include "schema/wire/session.h"
#include "schema/wire/tick_codec.h"

namespace vedette::link {

/// Ticks first..last of one stream.
struct Range {
  wire::StreamId stream = 0;
  wire::TickNumber first = 0, last = 0;
  bool operator==(const Range&) const = default;
  [[nodiscard]] bool overlaps(const Range& other) const noexcept {
    return stream == other.stream && first <= other.last && other.first <= last;
  }
};

/// What the collector said about coming back.
struct Farewell {
  std::uint16_t code = 0;                          ///< of its close frame, 1005 without
  std::string reason;                              ///< its words
  std::optional<units::Milliseconds> retry_after;  ///< it sent Retry
};

class Conversation final : private wire::SessionEvents {
 public:
  struct Options {
    wire::StreamId stream = 0;         ///< this connection's own: random, not 0
    std::string version;               ///< of the agent
    bool cautious = false;             ///< one backfill at a time (after a protocol fault)
    std::uint64_t drops_reported = 0;  ///< lost ticks that an earlier connection told of
    std::vector<std::string> tags{};   ///< this host's
  };
  Conversation(Backlog& backlog, Host& host, Options options);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  /// Queues Hello.
  void start(units::Steady now);
  /// Feeds received bytes. An error ends the connection: the collector broke the protocol, and was told so.
  [[nodiscard]] units::Result<void> receive(std::span<const std::uint8_t> bytes, units::Steady now);
  /// Queues what is due: announcements, ticks that the backlog has and weren't sent, a backfill. Call after every tick
  /// and at `due()`.
  void pump(units::Steady now);
  /// When the next backfill may go; nothing while there is none, or while something else than time holds it up: an Ack,
  /// or what waits to be written (call pump() again once it is).
  [[nodiscard]] std::optional<units::Steady> due() const;

  /// Says goodbye and closes; ticks that are kept and unsent go first, as far as they are live.
  void leave(wire::GoodbyeReason reason, units::Steady now);

  [[nodiscard]] wire::Session& session() noexcept { return session_; }
  [[nodiscard]] bool welcomed() const noexcept { return welcomed_; }
  [[nodiscard]] bool acked() const noexcept { return acked_; }
  [[nodiscard]] const std::optional<Farewell>& farewell() const noexcept { return farewell_; }
  [[nodiscard]] const std::string& host_id() const noexcept { return host_id_; }
  [[nodiscard]] std::uint64_t drops_reported() const noexcept { return options_.drops_reported; }
  /// What was sent and isn't acked.
  [[nodiscard]] const std::vector<Range>& in_flight() const noexcept { return in_flight_; }

  static constexpr std::size_t kBackfillTicks = 240;         ///< of one message, at most
  static constexpr units::Milliseconds kBackfillEvery{100};  ///< 10 messages/s: a day of seconds in 36 s
  static constexpr std::size_t kMostReports = 20;  ///< told and not acked at a time: a collector bounds them too
  static constexpr std::size_t kMostLive = 10;     ///< more unsent ticks than that go packed

 private:
  void on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) override;
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t code, std::string_view reason) override;

  void handle(const wire::Welcome& welcome);
  void handle(const wire::Ack& ack);
  void handle(const wire::SetInterval& set);
  void handle(const wire::Request&) {}  ///< evidence isn't collected yet; unknown requests are ignored
  void handle(const wire::Retry& retry);

  /// Closes for a fault of the collector's; `error` is for our log, `reason` for its.
  void break_off(units::Error error, std::uint16_t code, std::string_view reason);
  [[nodiscard]] bool held() const;
  [[nodiscard]] bool may_backfill() const;
  void announce();
  void report_drops();
  void send_reports();
  bool send_live();
  void send_backfill(units::Steady now);
  std::size_t send_packed(wire::StreamId stream, const Backlog::Batch& batch, wire::TickNumber stream_last);
  void sent(const Range& range);
  bool send(const wire::AgentMessage& message);

  Backlog& backlog_;
  Host& host_;
  Options options_;
  wire::Session session_;
  wire::TickEncoder encoder_;
  units::Steady now_{};
  units::Steady hello_at_{}, welcome_at_{};
  units::Instant collector_time_{};  ///< at welcome_at_
  bool welcomed_ = false, acked_ = false;
  std::string host_id_;
  std::optional<Farewell> farewell_;
  std::size_t announced_ = 0;
  wire::TickNumber next_live_ = 1;
  std::deque<wire::OpenStream> plan_;  ///< older streams still to send; `first` moves on
  units::Steady next_backfill_{};
  std::size_t max_message_ = wire::kMaxMessage, max_cells_ = wire::kMaxBatchCells;
  std::vector<Range> in_flight_;
  std::set<std::uint64_t> told_;  ///< reports of this connection that aren't acked
  std::optional<units::Error> fault_;
};

}  // namespace vedette::link
