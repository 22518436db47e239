// One attempt at a collector: dials it, then asks for the upgrade. Driven like Dialer. One owner thread.
#pragma once

#include "agent/link/dialer.h"
#include "agent/link/http.h"

namespace vedette::link {

class Attempt {
 public:
  struct Failure {
    units::Error error;
    std::optional<units::Milliseconds> at_least;  ///< this collector shouldn't be asked again sooner
  };
  struct Opened {
    std::unique_ptr<Connection> connection;
    std::string rest;  ///< what came behind the answer's head
  };
  using Outcome = std::expected<Opened, Failure>;
  struct Limits {
    DialLimits dial;
    units::Milliseconds upgrade{10'000};
    units::Milliseconds refused{30'000};  ///< at_least of a refusal that won't go away by itself
  };

  Attempt(Dialer::Target target, const TlsContext& trust, const Lookup& lookup, std::string key, Limits limits,
          units::Steady now);

  void interests(std::vector<pollfd>& list) const;
  [[nodiscard]] units::Steady deadline() const;
  [[nodiscard]] std::optional<Outcome> step(units::Steady now);  ///< nothing while it goes on, then one outcome

 private:
  std::optional<Outcome> send_request(units::Steady now);
  std::optional<Outcome> read_answer(units::Steady now);
  [[nodiscard]] Outcome judge(const ResponseHead& head);

  CollectorAddress collector_;
  std::string key_;
  Limits limits_;
  Dialer dialer_;
  std::unique_ptr<Connection> connection_;  ///< once dialled
  units::Steady until_{};
  short waits_for_ = 0;
  std::string websocket_key_, outgoing_, incoming_;
};

}  // namespace vedette::link
