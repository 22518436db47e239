// Who watches topics, whatever carries the events to it: as the hub sees it.
#pragma once

#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schema/units/time.h"
#include "server/domain/executor.h"
#include "server/domain/observer.h"
#include "server/live/encoded.h"
#include "server/live/event.h"

namespace vedette::live {

/// Topics that may not be watched, each with words that say why.
using Refusals = std::vector<std::pair<std::string, std::string>>;

/// The answer to one subscribe or unsubscribe.
struct Answer {
  std::vector<std::string> replaced;  ///< topics of which `messages` hold snapshots
  std::vector<Encoded> messages;      ///< snapshots, or what brings the topics up to date
  Refusals refused;
  std::string cursor;    ///< the place after the messages
  bool current = false;  ///< resumed, and nothing was missed: `messages` is a single beat
};

/// Who watches: the login, and whose.
struct Login {
  domain::Digest sid;
  units::Instant expires;
  std::uint64_t user = 0;
  domain::AccessRole role = domain::AccessRole::viewer;
};

/// Called by the hub on the seat's loop, in order.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  virtual void answer(const Answer& answer) = 0;
  virtual void take(const SharedEvent& event) = 0;
  virtual void beat(const Encoded& beat, const std::string& cursor) = 0;
  virtual void withdraw(const Refusals& lost) = 0;  ///< topics that it may watch no longer
  virtual void end_login() = 0;                     ///< the login it leans on is over
  virtual void stop() = 0;                          ///< the collector stops
};

/// A subscriber as both threads know it: the hub keeps it, the subscriber comes and goes.
struct Seat {
  domain::Executor& loop;
  const Form form;
  Login login;                       ///< that the subscriber leans on; its role is the control thread's
  Subscriber* subscriber = nullptr;  ///< loop's thread only; null once it has gone
  std::set<std::string> topics;      ///< control thread only
};
using SharedSeat = std::shared_ptr<Seat>;

}  // namespace vedette::live
