// A connected socket, with the agent's TLS or without, as bytes in and out that never block.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "agent/link/tls.h"

namespace vedette::conformance {

class Transport {
 public:
  /// Takes over the socket. Without a context there is no TLS.
  Transport(int socket, const link::TlsContext* context, const std::string& certified_host);
  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  [[nodiscard]] units::Result<link::Io> handshake();
  [[nodiscard]] units::Result<link::IoResult> read(std::span<std::uint8_t> into);
  [[nodiscard]] units::Result<link::IoResult> write(std::span<const std::uint8_t> bytes);
  /// Waits for one of what is wanted. False if neither came within `milliseconds`.
  [[nodiscard]] bool wait(bool readable, bool writable, int milliseconds) const;
  [[nodiscard]] bool wait(link::Io io, int milliseconds) const {
    return wait(io != link::Io::want_write, io == link::Io::want_write, milliseconds);
  }

 private:
  int socket_;
  std::unique_ptr<link::TlsStream> tls_;
};

}  // namespace vedette::conformance
