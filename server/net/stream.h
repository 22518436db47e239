// One accepted socket, with TLS or without, as bytes in and out that never block. The only place that calls Poco.
#pragma once

#include <Poco/Net/Context.h>
#include <Poco/Net/StreamSocket.h>
#include <openssl/ssl.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "server/domain/connection.h"

namespace vedette::net {

/// What one attempt to read or write came to.
struct Io {
  enum class Kind : std::uint8_t {
    done,        ///< `bytes` were moved, more than 0
    want_read,   ///< try again when the socket is readable
    want_write,  ///< … writable (a write, or TLS that has to answer first)
    ended,       ///< nothing more will come; `words` says how
  };
  Kind kind = Kind::done;
  std::size_t bytes = 0;
  bool drained = false;  ///< a read took all there was: asking again at once would only cost a system call
  std::string words;     ///< "FIN", "TLS close", "TLS eof", "RST", "timeout" or what TLS objected to
  /// The other side said that it sends no more: it may still read.
  [[nodiscard]] bool orderly() const { return words == "FIN" || words == "TLS close"; }
};

class Stream {
 public:
  /// Takes over an accepted, non-blocking descriptor. Without a context there is no TLS.
  Stream(int fd, const Poco::Net::Context::Ptr& context);

  /// Does the TLS handshake first, as far as it gets.
  [[nodiscard]] Io read(std::span<std::uint8_t> out);
  [[nodiscard]] Io write(std::span<const std::uint8_t> bytes);
  /// No more will be written: TLS close_notify, then FIN.
  void shutdown_write();
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::optional<domain::TcpState> tcp_state() const;

 private:
  template <class Operation>
  Io attempt(Operation operation);

  Poco::Net::StreamSocket socket_;
  const SSL* ssl_ = nullptr;  ///< of socket_, once its handshake began
  bool tls_;
  int fd_;
};

}  // namespace vedette::net
