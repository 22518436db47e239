// A WebSocket session (RFC 6455) without I/O, for either role: bytes in, events out, bytes to write out. Framing is
// wslay's; close frames are read here in both roles (wslay's event API answers 1012–1014 with 1002).
// One owner thread. No clock: pings, deadlines and silence are the owner's.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "schema/units/result.h"
#include "schema/wire/deflate.h"
#include "schema/wire/shared_frame.h"

namespace vedette::wire {

enum class Role { client, server };
enum class Opcode : std::uint8_t { text = 1, binary = 2 };

struct SessionLimits {
  std::size_t message = 65'536;      ///< bytes of one message, reassembled and expanded; more: close 1009
  std::size_t fragments = 1'024;     ///< fragments of one message; more: close 1008
  std::size_t queued = 256 * 1024;   ///< bytes waiting to be written before wants_input() turns false
  std::size_t queued_messages = 64;  ///< frames waiting, likewise
};

/// permessage-deflate as negotiated (permessage_deflate.h), both directions without context takeover. Compressed text
/// is checked once it is whole.
struct Compression {
  Deflate* deflate = nullptr;                  ///< the thread's one; outlives the session. Null: not negotiated
  std::uint8_t window_bits = kMostWindowBits;  ///< our own window; below kLeastWindowBits nothing is sent compressed
};

/// Close codes: RFC 6455 7.4 and ours (4000–4999). Names are what logs show.
namespace close {
inline constexpr std::uint16_t done = 1000, going_away = 1001, protocol_error = 1002, unsupported = 1003,
                               no_status = 1005, abnormal = 1006, bad_data = 1007, policy = 1008, too_big = 1009,
                               internal = 1011, restarting = 1012, try_later = 1013, unauthorized = 4401,
                               revoked = 4403, too_slow = 4408, replaced = 4409, version = 4426;
/// May this code be sent or, received, be taken as valid? 1000–1003, 1007–1014, 3000–4999.
[[nodiscard]] bool on_wire(std::uint16_t code) noexcept;
}  // namespace close

/// What receive() reports, in order. `data` is valid during the call only.
class SessionEvents {
 public:
  virtual ~SessionEvents() = default;
  virtual void on_message(Opcode opcode, std::span<const std::uint8_t> data) = 0;
  virtual void on_ping(std::span<const std::uint8_t> data) = 0;  ///< the pong is queued already
  virtual void on_pong(std::span<const std::uint8_t> data) = 0;
  /// The peer's close frame (1005 if it carried no code); ours is queued in answer. At most once, and the last event.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
};

/// One message framed once for many receivers; compressed too if `deflate` is given and it pays.
[[nodiscard]] SharedFrame make_frame(Opcode opcode, std::string_view payload, Deflate* deflate = nullptr);

class Session {
 public:
  /// `random` fills masking keys (client role only); must be unpredictable (RFC 6455 10.3).
  using Random = void (*)(std::span<std::uint8_t> out);

  Session(Role role, SessionLimits limits, Random random = nullptr, Compression compression = {});
  ~Session();
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  /// Feeds received bytes. A protocol fault of the peer queues the fitting close frame and is returned as `invalid`
  /// with the code in fault(); bytes after it are ignored. Events may call the send methods, never receive().
  units::Result<void> receive(std::span<const std::uint8_t> bytes, SessionEvents& events);

  /// Queue a message, ping or close. After close() nothing else is sent, and messages that still arrive are dropped.
  /// False once closing, or payload over 125 for ping.
  bool send(Opcode opcode, std::string_view payload);
  bool send(SharedFrame frame);  ///< server role only; in the form that fits what was negotiated
  bool ping(std::string_view payload);
  /// Reason is cut to 123 bytes at a UTF-8 boundary. A second close is ignored. A code that may not travel (1004–1006,
  /// 1015 …) is sent as 1011.
  bool close(std::uint16_t code, std::string_view reason);

  /// Bytes to write next: header and payload together, up to about 64 KiB; empty when nothing waits. Valid until the
  /// next call; consume(n) drops what was written.
  [[nodiscard]] std::span<const std::uint8_t> output();
  void consume(std::size_t n);
  [[nodiscard]] std::size_t queued() const noexcept;  ///< bytes waiting, shared frames included
  /// False while over the queued limits: stop reading from the socket until it drains (a peer that pings without
  /// reading).
  [[nodiscard]] bool wants_input() const noexcept;

  [[nodiscard]] bool close_sent() const noexcept;
  [[nodiscard]] bool close_received() const noexcept;
  [[nodiscard]] std::optional<std::uint16_t> fault() const noexcept;  ///< the code we closed with because of the peer

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 4.2.2). Pure; SHA-1 through OpenSSL's libcrypto.
[[nodiscard]] std::string accept_key(std::string_view key);

}  // namespace vedette::wire
