// A request's body as it arrives: counted or chunked (RFC 9112, sections 6 and 7). No I/O.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/net/request_head.h"

namespace vedette::net {

/// One body. Refuses the first byte that breaks the framing or the limit.
class BodyReader {
 public:
  /// Precondition: a counted body is within `limit` (the caller answers 413 before reading).
  BodyReader(const ParsedHead& head, std::size_t limit);

  /// Takes what belongs to the body from the front of `bytes`. False refuses: 400 or 413 in refusal().
  [[nodiscard]] bool feed(std::string_view& bytes);
  [[nodiscard]] bool complete() const noexcept { return state_ == State::complete; }
  [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }
  [[nodiscard]] std::string take() noexcept { return std::move(body_); }

 private:
  enum class State : std::uint8_t { counted, size_line, chunk, chunk_end, trailer, complete };
  bool take_bytes(std::string_view& bytes);
  bool take_line(std::string_view& bytes);
  bool on_line();
  bool on_size_line();
  bool fail(int status, std::string words);

  State state_;
  std::uint64_t left_;  ///< bytes of the counted body or the chunk still to come
  std::size_t limit_;
  std::string line_;            ///< a size or trailer line so far
  std::size_t line_bytes_ = 0;  ///< of all lines: chunk extensions and trailers are read, but not for ever
  std::string body_;
  Refusal refusal_;
};

}  // namespace vedette::net
