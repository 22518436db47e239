// The agent's connection to its collector: resolves, connects, shakes hands, talks, and comes back after every end.
//
// Driven from one thread by poll(2): ask `interests()` and `deadline()`, then call `step()`. Never blocks. The tick
// schedule is the caller's and doesn't depend on anything here.
#pragma once

#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/link/address.h"
#include "agent/link/attempt.h"
#include "agent/link/backoff.h"
#include "agent/link/conversation.h"
#include "agent/link/pin.h"
#include "agent/link/ports.h"
#include "agent/link/proxy.h"
#include "agent/link/resolver.h"
#include "agent/link/rotation.h"
#include "agent/link/tls.h"

namespace vedette::link {

struct LinkOptions {
  CollectorAddress address;
  std::optional<Pin> pin;  ///< absent: the system's certificates are trusted
  std::string key;         ///< this host's; never logged
  std::string version;
  /// From 0 to 1 without 1, for waits.
  std::function<double()> random;
  Lookup lookup = resolve_now;  ///< tests bring their own: the network's resolver may take longer than they wait
  /// Taken in this order while `address` can't be reached; same pin, same key.
  std::vector<CollectorAddress> others{};
  ProxyChoice proxy{};
  std::vector<std::string> tags{};  ///< told in Hello
};

/// Time limits of a connection; tests shorten them.
struct LinkLimits {
  units::Milliseconds resolve{30'000};
  units::Milliseconds connect{5'000};     ///< one address
  units::Milliseconds handshake{10'000};  ///< TLS, upgrade
  units::Milliseconds welcome{10'000};    ///< after our Hello
  units::Milliseconds silence{15'000};    ///< nothing heard from the collector
  units::Milliseconds goodbye{1'500};     ///< until the collector answers our close
  units::Milliseconds refused{30'000};    ///< at least, before asking a collector again that refused us for good
  units::Milliseconds head_start{250};    ///< of an address before the next one is tried beside it
  units::Milliseconds better{600'000};    ///< with a later collector, before those named before it are tried again
};

class Link {
 public:
  Link(LinkOptions options, Backlog& backlog, Host& host, LinkLimits limits = {});
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  /// What to poll for. Valid until the next call of step().
  void interests(std::vector<pollfd>& list) const;
  /// When to call step() at the latest.
  [[nodiscard]] units::Steady deadline() const;
  /// Does what can be done now. Call after poll, at the deadline, and after every tick.
  void step(units::Steady now);

  /// Says goodbye; gone() turns true when the collector answered or time is up. Nothing is connected any more.
  void leave(wire::GoodbyeReason reason, units::Steady now);
  [[nodiscard]] bool gone() const noexcept { return state_ == State::gone; }

  /// The machine was suspended for `asleep`, which `now` has gone on through: after more than kMostAsleep a connection
  /// is given up at once, and no wait from before holds up the next attempt.
  void woke(units::Milliseconds asleep, units::Steady now);
  static constexpr units::Milliseconds kMostAsleep{10'000};  ///< the collector's verdict comes after that

  [[nodiscard]] bool connected() const noexcept { return state_ == State::open && conversation_->welcomed(); }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }  ///< Welcomes since the start

 private:
  enum class State { waiting, attempting, open, leaving, gone };

  [[nodiscard]] const CollectorAddress& collector(std::size_t index) const;
  /// Begins an attempt at a collector, or says why it can't.
  [[nodiscard]] units::Result<std::unique_ptr<Attempt>> dial(std::size_t index, units::Steady now);
  void begin(units::Steady now);
  void attempt(units::Steady now);
  void open(Attempt::Opened opened, units::Steady now);
  void try_better(units::Steady now);
  void move_over(Attempt::Opened opened, units::Steady now);
  void talk(units::Steady now);
  bool read_all(units::Steady now);
  bool write_all(units::Steady now);
  void note_progress(units::Steady now);

  /// Ends this attempt or connection; `at_least` comes before the back-off.
  void end(const units::Error& error, units::Steady now, bool was_connected, units::Milliseconds at_least = {});
  void end_conversation(const units::Error& error, units::Steady now);
  [[nodiscard]] std::unique_ptr<Conversation> take_conversation();
  void set_aside_suspects(const Conversation& over);
  void close_all();
  void remember(const units::Error& error, std::size_t index, units::Milliseconds wait);

  LinkOptions options_;
  Backlog& backlog_;
  Host& host_;
  LinkLimits limits_;
  Backoff backoff_;
  Rotation rotation_;
  State state_ = State::waiting;
  units::Steady until_{};  ///< the end of the present state's time
  std::optional<TlsContext> tls_context_;
  std::unique_ptr<Attempt> attempt_;  ///< while attempting
  std::unique_ptr<Attempt> better_;   ///< at a collector that is preferred to the present one, while open
  std::unique_ptr<Connection> connection_;
  short waits_for_ = 0;  ///< poll events of the connection
  std::unique_ptr<Conversation> conversation_;
  units::Steady heard_at_{};
  bool noted_welcome_ = false, noted_ack_ = false;
  std::vector<Range> suspects_;  ///< in flight when a connection died of a protocol fault
  std::uint64_t drops_reported_ = 0;
  std::uint64_t connections_ = 0;
  struct Failures {
    std::string last{};  ///< so that the same words aren't logged at every attempt
    std::uint64_t count = 0;
  };
  std::vector<Failures> failures_;  ///< of each collector
};

}  // namespace vedette::link
