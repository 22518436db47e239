// One viewer on an open connection, WebSocket or Server-Sent Events alike: sends what the hub hands out, and keeps what
// waits bounded. Lives on the connection's loop thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/connection.h"
#include "server/live/hub.h"

namespace vedette::live {

/// The open connection of a viewer: what differs between transports.
class Outlet {
 public:
  virtual ~Outlet() = default;
  virtual void send(const Encoded& message) = 0;
  [[nodiscard]] virtual std::size_t queued_bytes() const = 0;  ///< not yet written to the socket
  /// Tells code and reason and ends. Nothing is sent after it.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual void on_answered() {}  ///< the viewer's oldest request was answered
};

/// Above Limits::hold_above waiting bytes, rows that may conflate are held back, the latest of each key, until the
/// queue has drained; others are sent all the same. Above Limits::too_slow beside the snapshot: close 4408.
///
/// While rows are held, cursors sent are those of the last event before them, so that resuming never skips one.
class Viewer final : public Subscriber {
 public:
  /// Closed (4401) when `login` ends, at the latest at the first beat after it expires. `outlet` outlives this. Takes
  /// its seat at once.
  Viewer(Hub& hub, const Login& login, domain::Executor& loop, Form form, Outlet& outlet);
  ~Viewer() override;  ///< gives the seat back
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  /// False if that would be more topics than one viewer may watch; then nothing is done.
  [[nodiscard]] bool subscribe(std::vector<std::string> topics, std::optional<std::string> cursor);
  void unsubscribe(std::vector<std::string> topics);
  void drained();  ///< the outlet's queue is empty
  /// Closes the outlet, once.
  void close(std::uint16_t code, std::string_view reason);
  [[nodiscard]] bool closing() const noexcept { return closing_; }

  // Subscriber
  /// What was refused is told in error messages.
  void answer(const Answer& answer) override;
  void take(const SharedEvent& event) override;
  void beat(const Encoded& beat, const std::string& cursor) override;
  void withdraw(const Refusals& lost) override;
  void end_login() override;
  void stop() override {}  ///< the server closes the connection itself

 private:
  struct Held {
    std::optional<std::string> header;  ///< to be told with the rows
    RowSet rows;
  };

  [[nodiscard]] std::size_t waiting();
  void hold(const Event& event);
  void release();
  void judge_speed();
  void close_too_slow(const std::string& words);
  void send_state(const Encoded& message);

  Hub& hub_;
  Outlet& outlet_;
  SharedSeat seat_;
  bool closing_ = false;
  std::set<std::string> topics_;
  std::size_t state_bytes_ = 0;  ///< of the waiting bytes, those of snapshots, at most
  std::map<std::string, Held> held_;
  std::uint64_t held_before_ = 0;   ///< while rows are held: all events up to this number were sent
  std::uint64_t held_through_ = 0;  ///< number of the newest event taken
  std::size_t last_waiting_ = 0;
  unsigned stalled_ = 0;
};

/// One line for each viewer whose connection ended, whatever carried it.
void log_disconnected(std::string_view transport, std::string_view peer, const domain::Ending& ending);

}  // namespace vedette::live
