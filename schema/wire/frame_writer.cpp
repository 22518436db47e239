#include "schema/wire/frame_writer.h"

#include <cstdlib>
#include <new>
#include <utility>

namespace vedette::wire {
namespace {

/// Where wslay writes a frame to, and what masks it.
struct Writing {
  std::string out;
  Session::Random random = nullptr;
};

ssize_t append(const std::uint8_t* data, std::size_t size, int, void* user_data) {
  static_cast<Writing*>(user_data)->out.append(reinterpret_cast<const char*>(data), size);
  return static_cast<ssize_t>(size);
}

int make_mask(std::uint8_t* out, std::size_t size, void* user_data) {
  static_cast<Writing*>(user_data)->random({out, size});
  return 0;
}

}  // namespace

FrameContext make_frame_context(const wslay_frame_callbacks& callbacks, void* user_data) {
  wslay_frame_context_ptr context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, user_data) != 0) throw std::bad_alloc();
  return FrameContext(context);
}

std::string write_frame(FrameKind kind, std::string_view text, Session::Random random) {
  std::span<const std::uint8_t> payload = as_bytes(text);
  // The context is thrown away: wslay keeps 4 KiB in it, too much to hold for each idle session.
  Writing writing{{}, random};
  writing.out.reserve(payload.size() + 14);
  const FrameContext context = make_frame_context({append, nullptr, make_mask}, &writing);
  wslay_frame_iocb io{};
  io.fin = 1;
  io.rsv = kind.compressed ? WSLAY_RSV1_BIT : WSLAY_RSV_NONE;
  io.opcode = kind.opcode;
  io.mask = random != nullptr ? 1 : 0;
  io.payload_length = payload.size();
  do {
    io.data = payload.data();
    io.data_length = payload.size();
    const ssize_t sent = wslay_frame_send(context.get(), &io);
    if (sent < 0) std::abort();  // append() never refuses
    payload = payload.subspan(static_cast<std::size_t>(sent));
  } while (!payload.empty());
  return std::move(writing.out);
}

SharedFrame make_frame(Opcode opcode, std::string_view payload, Deflate* deflate) {
  const auto code = static_cast<std::uint8_t>(opcode);
  auto frame = std::make_shared<Frame>();
  frame->plain = write_frame({.opcode = code}, payload, nullptr);
  if (const auto small = deflate == nullptr ? std::nullopt : deflate->compress(payload, kMostWindowBits)) {
    frame->deflated = write_frame({.opcode = code, .compressed = true}, *small, nullptr);
  }
  return frame;
}

}  // namespace vedette::wire
