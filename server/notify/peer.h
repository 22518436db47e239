// The boundary to Poco's sockets and OpenSSL: one outgoing connection with verified TLS and one deadline.
#pragma once

#include <Poco/Net/StreamSocket.h>

#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "schema/units/result.h"
#include "server/notify/receiver.h"

namespace vedette::notify {

inline constexpr std::chrono::seconds kConnectTime{10};
inline constexpr std::chrono::seconds kTotalTime{30};

/// A TCP connection, later or at once inside TLS. One owner thread, which blocks in every call.
///
/// Everything after the name look-up ends at the deadline (`total` after connect() began), or when `stop` is requested:
/// the socket is then shut down, and the call under way fails. Certificates are verified against `ca_file` (empty: the
/// system's store), and so is the name or address that was asked for, loopback included.
///
/// Errors: `unavailable` or `timeout`, beginning with "host:port"; `invalid` for a ca_file that can't be used. The
/// process must ignore SIGPIPE.
class Peer {
 public:
  /// Connects to the first of the host's addresses that answers, each within kConnectTime.
  [[nodiscard]] static units::Result<Peer> connect(const Target& target, const std::stop_token& stop,
                                                   units::Milliseconds total = kTotalTime);
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) = delete;
  ~Peer();

  /// The TLS handshake as a client.
  [[nodiscard]] units::Result<void> secure(const std::string& ca_file);
  [[nodiscard]] bool is_secure() const;

  [[nodiscard]] units::Result<void> write(std::string_view bytes);
  /// A line without its end (\r\n or \n); at most 4 kB, and 64 kB on one connection: `invalid` if it is longer.
  [[nodiscard]] units::Result<std::string> line();
  /// Were bytes read that line() hasn't handed out?
  [[nodiscard]] bool holds_unread() const;

  /// For Poco's HTTP client; holds_unread() must be false.
  [[nodiscard]] Poco::Net::StreamSocket& socket();
  /// The words for an exception that Poco threw on this connection.
  [[nodiscard]] std::unexpected<units::Error> fault(const std::exception& thrown) const;

 private:
  struct Impl;
  explicit Peer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::notify
