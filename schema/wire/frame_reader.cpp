#include "schema/wire/frame_reader.h"

#include <algorithm>
#include <cstring>

namespace vedette::wire {
namespace {

std::uint64_t head_size(const wslay_frame_iocb& piece) {
  const std::uint64_t length = piece.payload_length < 126 ? 0 : piece.payload_length < 65'536 ? 2 : 8;
  return 2 + length + (piece.mask != 0 ? 4 : 0);
}

}  // namespace

struct FrameReader::Slot {
  std::span<const std::uint8_t> input;
  std::uint64_t taken = 0;
  FrameContext context = make_frame_context({nullptr, FrameReader::take, nullptr}, this);
};

FrameReader::FrameReader() = default;
FrameReader::~FrameReader() = default;

std::unique_ptr<FrameReader::Slot>& FrameReader::spare() {
  static thread_local std::unique_ptr<Slot> slot;
  return slot;
}

ssize_t FrameReader::take(std::uint8_t* out, std::size_t size, int, void* slot) {
  auto& [input, taken, context] = *static_cast<Slot*>(slot);
  const std::size_t n = std::min(size, input.size());
  if (n == 0) return -1;
  std::memcpy(out, input.data(), n);
  input = input.subspan(n);
  taken += n;
  return static_cast<ssize_t>(n);
}

void FrameReader::start(std::span<const std::uint8_t> bytes) {
  if (!slot_) slot_ = std::move(spare());
  if (!slot_) slot_ = std::make_unique<Slot>();
  slot_->input = bytes;
}

FrameReader::Step FrameReader::next(wslay_frame_iocb& piece) {
  const ssize_t size = wslay_frame_recv(slot_->context.get(), &piece);
  if (size == WSLAY_ERR_WANT_READ) return Step::needs_more;
  if (size < 0) return Step::malformed;
  begins_ = left_ == 0;
  if (begins_) {
    left_ = piece.payload_length;
    parsed_ += head_size(piece);
  }
  left_ -= piece.data_length;
  parsed_ += piece.data_length;
  return Step::piece;
}

void FrameReader::finish() {
  slot_->input = {};
  if (left_ > 0 || slot_->taken != parsed_) return;  // wslay remembers something of this stream
  slot_->taken = parsed_ = 0;
  spare() = std::move(slot_);
}

}  // namespace vedette::wire
