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
#include "agent/link/backoff.h"
#include "agent/link/conversation.h"
#include "agent/link/http.h"
#include "agent/link/pin.h"
#include "agent/link/ports.h"
#include "agent/link/resolver.h"
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

  [[nodiscard]] bool connected() const noexcept { return state_ == State::open && conversation_->welcomed(); }
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }  ///< Welcomes since the start

 private:
  enum class State { waiting, resolving, connecting, tls, upgrading, open, leaving, gone };

  [[nodiscard]] static short events_of(Io io) noexcept;  ///< what to poll for before the next try
  void begin(units::Steady now);
  void resolved(units::Steady now);
  void connect_next(units::Steady now, std::string why);
  void connected_or_not(units::Steady now);
  void shake_hands(units::Steady now);
  void send_upgrade(units::Steady now);
  void read_upgrade(units::Steady now);
  void open(units::Steady now, std::string_view rest);
  void talk(units::Steady now);
  bool read_all(units::Steady now);
  bool write_all(units::Steady now);
  void note_progress(units::Steady now);

  /// Ends this attempt; `wait` replaces the back-off.
  void end(const units::Error& error, units::Steady now, std::optional<units::Milliseconds> at_least = {});
  void end_conversation(const units::Error& error, units::Steady now);
  void close_socket();
  void remember(const units::Error& error, units::Milliseconds wait);

  LinkOptions options_;
  Backlog& backlog_;
  Host& host_;
  LinkLimits limits_;
  Resolver resolver_;
  Backoff backoff_;
  State state_ = State::waiting;
  units::Steady until_{};  ///< the end of the present state's time
  std::optional<TlsContext> tls_context_;
  std::vector<SocketAddress> addresses_;
  std::size_t next_address_ = 0;
  int socket_ = -1;
  short waits_for_ = 0;  ///< poll events of the socket
  std::unique_ptr<TlsStream> tls_;
  std::string websocket_key_;
  std::string outgoing_;  ///< the upgrade request's rest
  std::string incoming_;  ///< the response's head so far
  std::unique_ptr<Conversation> conversation_;
  units::Steady heard_at_{};
  bool noted_welcome_ = false, noted_ack_ = false;
  std::vector<Range> suspects_;  ///< in flight when a connection died of a protocol fault
  std::uint64_t drops_reported_ = 0;
  std::uint64_t connections_ = 0;
  std::string last_failure_;  ///< so that the same words aren't logged at every attempt
  std::uint64_t failures_ = 0;
};

}  // namespace vedette::link
