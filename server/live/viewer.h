// One viewer on a WebSocket: reads its requests, sends it what the hub hands out, and keeps what waits for it bounded.
// Lives on the connection's loop thread.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "server/domain/connection.h"
#include "server/live/hub.h"

namespace vedette::live {

/// Above Limits::hold_above waiting bytes, rows that may conflate are held back, the latest of each key, until the
/// queue has drained; others are sent all the same. Above Limits::too_slow beside the snapshot: close 4408.
///
/// While rows are held, cursors sent are those of the last event before them, so that resuming never skips one.
class Viewer final : public domain::ConnectionHandler {
 public:
  /// `sid` is the login that the viewer leans on: it is closed (4401) when that ends, at the latest at the first beat
  /// after `expires`.
  Viewer(Hub& hub, domain::Digest sid, units::Instant expires);

  // domain::ConnectionHandler
  void on_open(domain::Connection& connection) override;
  void on_text(std::string_view payload) override;
  void on_binary(std::span<const std::uint8_t> payload) override;
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_drained() override;
  void on_end(const domain::Ending& ending) override;

  // From the hub, on the loop's thread.
  /// The answer to a request: nothing, a snapshot of `topics`, or the frames that bring them up to date. What was
  /// refused is told in error messages, which don't count as bad messages of the viewer.
  void answer(const std::vector<std::string>& topics, std::span<const domain::SharedFrame> frames,
              const Refusals& refused);
  void take(const SharedEvent& event);
  void beat(const domain::SharedFrame& frame);
  void end_login();

 private:
  struct Held {
    std::optional<std::string> header;  ///< to be told with the rows
    RowSet rows;
  };

  void fault(const std::string& words);
  [[nodiscard]] bool accept_topics(const ViewerRequest& request);
  [[nodiscard]] std::size_t waiting();
  void hold(const Event& event);
  void release();
  void judge_speed();
  void close_too_slow(const std::string& words);
  void send_text_of_state(const std::string& text);
  void sent_state(std::size_t queued_before);  ///< all that was queued since is state

  Hub& hub_;
  const domain::Digest sid_;
  const units::Instant expires_;
  SharedSeat seat_;
  domain::Connection* connection_ = nullptr;
  bool closing_ = false;
  std::set<std::string> topics_;
  unsigned faults_ = 0;
  unsigned in_flight_ = 0;
  std::size_t state_bytes_ = 0;  ///< of the waiting bytes, those of snapshots, at most
  std::map<std::string, Held> held_;
  std::uint64_t held_before_ = 0;   ///< while rows are held: all events up to this number were sent
  std::uint64_t held_through_ = 0;  ///< number of the newest event taken
  std::size_t last_waiting_ = 0;
  unsigned stalled_ = 0;
};

}  // namespace vedette::live
