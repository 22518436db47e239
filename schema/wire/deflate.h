// What permessage-deflate does to a message (RFC 7692 7.2), over zlib. Every message starts with an empty window, so
// one object serves all sessions of a thread: a session costs no memory for it. One owner thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schema/units/result.h"

namespace vedette::wire {

inline constexpr std::uint8_t kLeastWindowBits = 9;  ///< zlib makes no raw stream of 8
inline constexpr std::uint8_t kMostWindowBits = 15;

class Deflate {
 public:
  /// Shorter payloads are sent as they are: the frame would hardly shrink.
  static constexpr std::size_t kWorthwhile = 128;

  Deflate();  ///< cheap: zlib's streams (300 kB) are made when first needed
  ~Deflate();
  Deflate(Deflate&&) noexcept;
  Deflate& operator=(Deflate&&) noexcept;

  /// The payload of a compressed message. Nothing if `payload` is short, wouldn't get smaller, or `window_bits` is
  /// below kLeastWindowBits.
  [[nodiscard]] std::optional<std::string> compress(std::string_view payload, std::uint8_t window_bits);

  /// The message in a compressed payload, whatever window it was made with. `too_large` if it has more than `limit`
  /// bytes, of which never more than that are held; `invalid` if it isn't DEFLATE, or cut off.
  [[nodiscard]] units::Result<std::string> expand(std::string_view payload, std::size_t limit);

  /// More compressed bytes than this aren't worth waiting for in a message of at most `limit` bytes: bytes that can't
  /// be compressed grow by 5 in 16,383 at most with zlib's streams.
  [[nodiscard]] static constexpr std::size_t longest(std::size_t limit) noexcept { return limit + limit / 16 + 1'024; }

 private:
  struct Streams;
  std::unique_ptr<Streams> streams_;
};

}  // namespace vedette::wire
