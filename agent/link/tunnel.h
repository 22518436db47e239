// Asks a proxy over a connected socket for a tunnel to the collector. Private to agent/link. One owner thread.
#pragma once

#include <string>

#include "agent/link/proxy.h"
#include "agent/link/tls.h"
#include "schema/units/result.h"

namespace vedette::link {

class Tunnel {
 public:
  Tunnel(CollectorAddress collector, Proxy proxy);

  /// Writes and reads as far as the non-blocking socket lets it. `done` once the collector is at the other end; errors
  /// are for a person.
  [[nodiscard]] units::Result<Io> step(int socket);

 private:
  units::Result<Io> read_answer(int socket);

  CollectorAddress collector_;
  Proxy proxy_;
  std::string outgoing_, incoming_;
};

}  // namespace vedette::link
