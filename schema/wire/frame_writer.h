// Frames as bytes (RFC 6455 5.2), through wslay. Private to schema/wire.
#pragma once

#include <wslay/wslay.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "schema/wire/session.h"

namespace vedette::wire {

[[nodiscard]] inline std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct FreeFrameContext {
  void operator()(wslay_frame_context* context) const noexcept { wslay_frame_context_free(context); }
};
using FrameContext = std::unique_ptr<wslay_frame_context, FreeFrameContext>;

[[nodiscard]] FrameContext make_frame_context(const wslay_frame_callbacks& callbacks, void* user_data);

struct FrameKind {
  std::uint8_t opcode = 0;
  bool compressed = false;  ///< RSV1
};

/// One whole frame; masked if `random` is given (the client role).
[[nodiscard]] std::string write_frame(FrameKind kind, std::string_view payload, Session::Random random);

}  // namespace vedette::wire
