// TCP to whichever of a host's addresses answers first (RFC 8305, "Happy Eyeballs"): addresses of both families take
// turns, each gets a short start before the next one is tried beside it, so that a family whose packets vanish costs
// a quarter of a second and not a timeout. Private to agent/link. One owner thread.
#pragma once

#include <poll.h>

#include <optional>
#include <string>
#include <vector>

#include "agent/link/resolver.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::link {

/// Families taking turns, beginning with the resolver's first choice; at most kMostAddresses.
[[nodiscard]] std::vector<SocketAddress> interleaved(std::vector<SocketAddress> addresses);

inline constexpr std::size_t kMostAddresses = 16;

class Race {
 public:
  struct Limits {
    units::Milliseconds head_start{250};  ///< before the next address is tried beside it (RFC 8305 8)
    units::Milliseconds each{5'000};      ///< one address
  };
  struct Winner {
    int socket = -1;  ///< the caller's
    std::string address;
  };

  Race(std::vector<SocketAddress> addresses, Limits limits);
  ~Race();
  Race(const Race&) = delete;
  Race& operator=(const Race&) = delete;

  void interests(std::vector<pollfd>& list) const;
  [[nodiscard]] units::Steady deadline() const;
  /// Nothing while it goes on; the error says what came of the last address.
  [[nodiscard]] std::optional<units::Result<Winner>> step(units::Steady now);

 private:
  struct Runner {
    int socket = -1;
    std::string address;
    units::Steady until{};
  };
  bool start_next(units::Steady now);
  std::optional<Winner> finished(units::Steady now);

  std::vector<SocketAddress> addresses_;
  Limits limits_;
  std::size_t next_ = 0;
  units::Steady next_due_{};
  std::vector<Runner> runners_;
  std::string why_ = "it has no address";
};

}  // namespace vedette::link
