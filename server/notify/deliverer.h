// Empties the outbox: takes what the alert engine queued and hands it to the receivers, again and again until they
// have it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/guarded.h"
#include "server/notify/outcome.h"
#include "server/notify/receiver.h"

namespace vedette::notify {

/// How a delivery reaches its receiver, but for the recipients in its `settled`: what became of it, or why nothing did.
/// `invalid` is about this delivery alone; after any other error the receiver counts as away. Blocks; must end soon
/// once stop is requested. Any thread.
using Send = std::function<units::Result<Outcome>(const Receiver&, const domain::Delivery&, std::stop_token)>;

/// By mail or webhook, over the network.
[[nodiscard]] Send send_over_network(std::string public_url);

/// A delivery that says it is a test, through the receiver and at once; the other side's answer. An error, `invalid`,
/// also when only some recipients took it. For `vedette-server receivers test`. Blocks for up to kTotalTime, or until
/// stop is requested. Any thread.
[[nodiscard]] units::Result<std::string> test(const Receiver& receiver, const std::string& public_url = "",
                                              const std::stop_token& stop = {});

/// Incidents, by their ids.
using Incidents = std::set<std::uint64_t>;

/// One thread a receiver, so that none waits for another. A receiver gets its deliveries one at a time in the order of
/// the outbox, an incident's resolved never before its fired is finished; a delivery that it refuses holds up only its
/// own incident. Recipients of one mail don't wait for each other: who has the fired gets the resolved, and only those
/// that put a mail off (4xx) are asked again. Failures are retried by back_off() for three days, then given up with a
/// line in the log. The outbox is the store's: after kill -9 everything undelivered is tried at once, under the
/// Message-ID that it had. So a mail comes twice if the collector dies between the server's answer and the commit, or
/// if the answer gets lost.
///
/// start(), stop(): one thread. wake(), withdraw(): any thread, never block. records and clock must outlive it.
class Deliverer {
 public:
  Deliverer(std::vector<Receiver> receivers, domain::AlertRecords& records, const domain::Clock& clock,
            const Send& send);
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  ~Deliverer();

  /// Gives up what waits for receivers that are no longer configured, and begins.
  void start();
  /// The outbox has something new. Without it new deliveries are found within a minute.
  void wake();
  /// The incidents that were resolved within their hold while the outbox may still have their fired (the disk being
  /// full); replaces those told before. Told before the hold is over, none of them is sent.
  void withdraw(const Incidents& incidents);
  /// Breaks off conversations under way (they count as not made) and ends the threads.
  void stop();

  /// Since the start, of all receivers together. Any thread reads.
  struct Counters {
    std::atomic<std::uint64_t> delivered{0};
    std::atomic<std::uint64_t> failed{0};  ///< attempts; those that stop() broke off aren't counted
  };
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  class Runner;
  [[nodiscard]] Send counted(Send send);

  domain::AlertRecords& records_;
  const domain::Clock& clock_;
  Counters counters_;
  domain::Guarded<Incidents> withdrawn_;
  std::vector<std::unique_ptr<Runner>> runners_;
};

}  // namespace vedette::notify
