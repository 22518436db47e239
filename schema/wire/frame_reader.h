// Frames out of bytes (RFC 6455 5.2), through wslay. Private to schema/wire.
#pragma once

#include <memory>
#include <span>

#include "schema/wire/frame_writer.h"

namespace vedette::wire {

/// Reads one stream of frames, in any cut. Between frames it holds nothing: wslay's context takes 4 KiB, too much for
/// each idle session, so that those at rest share a spare one a thread.
class FrameReader {
 public:
  enum class Step : std::uint8_t { piece, needs_more, malformed };

  FrameReader();
  ~FrameReader();
  FrameReader(const FrameReader&) = delete;
  FrameReader& operator=(const FrameReader&) = delete;

  /// The bytes that next() takes from; they have to live until finish().
  void start(std::span<const std::uint8_t> bytes);
  /// A frame's head and what is there of its payload, unmasked; `piece.data` lives until the next call.
  [[nodiscard]] Step next(wslay_frame_iocb& piece);
  void finish();

  [[nodiscard]] bool begins_frame() const noexcept { return begins_; }  ///< the last piece was its frame's first
  [[nodiscard]] bool in_frame() const noexcept { return left_ > 0; }    ///< more of its payload is to come

 private:
  struct Slot;
  static std::unique_ptr<Slot>& spare();
  static ssize_t take(std::uint8_t* out, std::size_t size, int flags, void* slot);

  std::unique_ptr<Slot> slot_;
  std::uint64_t left_ = 0;    ///< payload bytes of the current frame still to come
  std::uint64_t parsed_ = 0;  ///< bytes of whole pieces and heads, of those that the slot took
  bool begins_ = false;
};

}  // namespace vedette::wire
