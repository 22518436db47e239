// The agent's side of TLS over a non-blocking socket, with the checks that make it worth something: the chain up to the
// pinned authority (or the system's), dates, and the host's name or address. OpenSSL stays behind this header.
// One owner thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "agent/link/pin.h"
#include "schema/units/result.h"

namespace vedette::link {

/// What an operation came to.
enum class Io {
  done,        ///< it did something; for read and write see the count
  want_read,   ///< call again when the socket is readable
  want_write,  ///< call again when it is writable
  closed,      ///< the other side ended the connection, with or without TLS's goodbye
};

struct IoResult {
  Io io = Io::done;
  std::size_t count = 0;
};

/// Trust and settings, shared by connections.
class TlsContext {
 public:
  /// With a pin only that authority counts, without one the system's certificates. `internal` if OpenSSL refuses.
  [[nodiscard]] static units::Result<TlsContext> create(std::optional<Pin> pin);
  ~TlsContext();
  TlsContext(TlsContext&&) noexcept;
  TlsContext& operator=(TlsContext&&) noexcept;

  struct Impl;
  [[nodiscard]] Impl& impl() const noexcept { return *impl_; }

 private:
  explicit TlsContext(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class TlsStream {
 public:
  /// `socket` stays the caller's and must be non-blocking; `host` is the name or address the certificate must be for.
  TlsStream(const TlsContext& context, int socket, const std::string& host);
  ~TlsStream();
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// `forbidden` with a sentence when the certificate isn't to be trusted; `io` for everything else.
  [[nodiscard]] units::Result<Io> handshake();
  [[nodiscard]] units::Result<IoResult> read(std::span<std::uint8_t> into);
  [[nodiscard]] units::Result<IoResult> write(std::span<const std::uint8_t> bytes);
  void shutdown() noexcept;  ///< TLS's goodbye, as far as the socket takes it now

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vedette::link
