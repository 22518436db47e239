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

/// Called by the hub on the seat's loop, in order.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  virtual void answer(const Answer& answer) = 0;
  virtual void take(const SharedEvent& event) = 0;
  virtual void beat(const Encoded& beat, const std::string& cursor) = 0;
  virtual void end_login() = 0;  ///< the login it leans on is over, or what it may see changed
  virtual void stop() = 0;       ///< the collector stops
};

/// A subscriber as both threads know it: the hub keeps it, the subscriber comes and goes.
struct Seat {
  domain::Executor& loop;
  const Form form;
  const domain::Digest sid;          ///< the login that the subscriber leans on
  const units::Instant expires;      ///< when that login ends by itself
  Subscriber* subscriber = nullptr;  ///< loop's thread only; null once it has gone
  std::set<std::string> topics;      ///< control thread only
};
using SharedSeat = std::shared_ptr<Seat>;

}  // namespace vedette::live
