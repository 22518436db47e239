// Viewers by long polling: each poll is answered with what happened since its cursor, at the latest after a while with
// nothing. Between polls the hub's recent events keep what is missed.
#pragma once

#include <map>
#include <memory>

#include "server/domain/http.h"
#include "server/live/event_stream.h"
#include "server/live/hub.h"

namespace vedette::live {

/// Everything outlives the polls, which outlive the control executor's tasks.
class Polls {
 public:
  Polls(Hub& hub, domain::Executor& control);
  ~Polls();
  Polls(const Polls&) = delete;
  Polls& operator=(const Polls&) = delete;

  /// Any thread. `respond` gets {"cursor","events":[…]}, the messages that a WebSocket would have got, without beats;
  /// at once if there are any, Limits::poll_gather after the first if it had to wait. 401 when the login ends
  /// meanwhile, 429 beyond Limits::polls_of_login, 503 beyond Limits::polls and when the collector stops.
  void poll(Login login, Watch watch, domain::Responder respond);

 private:
  class Poll;
  void begin(const Login& login, Watch watch, domain::Responder respond);
  void end(Poll& poll);

  Hub& hub_;
  domain::Executor& control_;
  std::map<Poll*, std::unique_ptr<Poll>> polls_;  ///< control thread only, like all below
  std::map<domain::Digest, std::size_t> of_login_;
};

}  // namespace vedette::live
