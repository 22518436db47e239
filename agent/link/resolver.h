// Names to addresses without blocking the caller: getaddrinfo(3) runs on a helper thread, which is left alone if it
// doesn't come back. Owner: one thread; what the helper shares with it is the answer behind `shared_`.
#pragma once

#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "agent/link/address.h"
#include "schema/units/result.h"

namespace vedette::link {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};
using Addresses = units::Result<std::vector<SocketAddress>>;

/// Name to addresses. May block; called on a helper thread.
using Lookup = std::function<Addresses(const CollectorAddress&)>;

/// Asks the system. May block for as long as the resolver likes, unless the host is an IP address.
[[nodiscard]] Addresses resolve_now(const CollectorAddress& address);

/// "192.0.2.7" or "2001:db8::7", for logs.
[[nodiscard]] std::string to_string(const SocketAddress& address);

class Resolver {
 public:
  explicit Resolver(Lookup lookup = resolve_now);
  ~Resolver();  ///< does not wait
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Begins; an answer to an earlier question is dropped. A machine that gives us no thread answers `unavailable`.
  void start(const CollectorAddress& address);
  [[nodiscard]] int fd() const noexcept;          ///< readable when there is an answer
  [[nodiscard]] std::optional<Addresses> take();  ///< the answer, once

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
  Lookup lookup_;
};

}  // namespace vedette::link
