#include "schema/wire/session.h"

#include <openssl/evp.h>
#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "schema/units/utf8.h"
#include "schema/wire/output_queue.h"

namespace vedette::wire {
namespace {

constexpr std::size_t kMaxControl = 125;  ///< RFC 6455, 5.5
constexpr std::size_t kMaxReason = kMaxControl - 2;

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct FreeContext {
  void operator()(wslay_frame_context* context) const noexcept { wslay_frame_context_free(context); }
};
using FrameContext = std::unique_ptr<wslay_frame_context, FreeContext>;

FrameContext make_context(const wslay_frame_callbacks& callbacks, void* user_data) {
  wslay_frame_context_ptr context = nullptr;
  if (wslay_frame_context_init(&context, &callbacks, user_data) != 0) throw std::bad_alloc();
  return FrameContext(context);
}

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

/// One whole frame; masked if `random` is given (the client role).
std::string frame(std::uint8_t opcode, std::span<const std::uint8_t> payload, Session::Random random) {
  // The context is thrown away: wslay keeps 4 KiB in it, too much to hold for each idle session.
  Writing writing{{}, random};
  writing.out.reserve(payload.size() + 14);
  const FrameContext context = make_context({append, nullptr, make_mask}, &writing);
  wslay_frame_iocb io{};
  io.fin = 1;
  io.opcode = opcode;
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

std::uint16_t read_code(std::string_view payload) {
  return static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8) |
                                    static_cast<unsigned char>(payload[1]));
}

}  // namespace

bool close::on_wire(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

SharedFrame make_frame(Opcode opcode, std::string_view payload) {
  return std::make_shared<const std::string>(frame(static_cast<std::uint8_t>(opcode), as_bytes(payload), nullptr));
}

struct Session::Impl {
  struct Fault {
    std::uint16_t code;
    std::string_view words;
  };

  Impl(Role r, SessionLimits l, Random rnd)
      : role(r),
        limits(l),
        random(r == Role::client ? rnd : nullptr),
        reader(make_context({nullptr, take_input, nullptr}, this)) {
    if (role == Role::client && random == nullptr) std::abort();
  }

  static ssize_t take_input(std::uint8_t* out, std::size_t size, int, void* user_data);
  bool read_piece(SessionEvents& events);
  std::optional<Fault> on_piece(const wslay_frame_iocb& piece, SessionEvents& events);
  std::optional<Fault> on_frame_start(const wslay_frame_iocb& piece);
  std::optional<Fault> on_data_start(const wslay_frame_iocb& piece);
  std::optional<Fault> on_data(const wslay_frame_iocb& piece, bool whole, SessionEvents& events);
  std::optional<Fault> on_control(SessionEvents& events);
  std::optional<Fault> on_close_frame(SessionEvents& events);
  void deliver(std::span<const std::uint8_t> data, SessionEvents& events);
  void fail(Fault why);
  void answer_ping();
  bool queue(std::uint8_t code, std::string_view payload);
  bool queue_close(std::optional<std::uint16_t> code, std::string_view reason);
  [[nodiscard]] bool over_limits() const noexcept {
    return out.frames() > limits.queued_messages || out.bytes() > limits.queued;
  }

  Role role;
  SessionLimits limits;
  Random random;
  FrameContext reader;
  std::span<const std::uint8_t> input;

  std::uint64_t frame_left = 0;  ///< payload bytes of the current frame still to come
  bool in_frame = false;
  std::string control;  ///< payload of the current control frame so far

  bool in_message = false;
  Opcode opcode = Opcode::text;
  std::size_t fragments = 0;
  std::string message;  ///< the current message's payload so far
  units::Utf8Check utf8;

  OutputQueue out;
  bool close_sent = false;
  bool close_received = false;
  std::optional<std::uint16_t> fault;
  std::string_view fault_words;
};

ssize_t Session::Impl::take_input(std::uint8_t* out, std::size_t size, int, void* user_data) {
  auto& input = static_cast<Impl*>(user_data)->input;
  const std::size_t n = std::min(size, input.size());
  if (n == 0) return -1;
  std::memcpy(out, input.data(), n);
  input = input.subspan(n);
  return static_cast<ssize_t>(n);
}

/// One step of wslay's; false when it needs more bytes or nothing more may be read.
bool Session::Impl::read_piece(SessionEvents& events) {
  wslay_frame_iocb piece{};
  const ssize_t size = wslay_frame_recv(reader.get(), &piece);
  if (size == WSLAY_ERR_WANT_READ) return false;
  std::optional<Fault> why;
  if (size < 0) {
    why = Fault{close::protocol_error, "malformed frame header"};
  } else {
    why = on_piece(piece, events);
  }
  if (why) fail(*why);
  return !fault && !close_received;
}

std::optional<Session::Impl::Fault> Session::Impl::on_piece(const wslay_frame_iocb& piece, SessionEvents& events) {
  const bool first = !in_frame;
  if (first) {
    if (auto why = on_frame_start(piece)) return why;
    in_frame = true;
    frame_left = piece.payload_length;
  }
  frame_left -= piece.data_length;
  in_frame = frame_left > 0;
  if (wslay_is_ctrl_frame(piece.opcode)) {
    control.append(reinterpret_cast<const char*>(piece.data), piece.data_length);
    if (in_frame) return std::nullopt;
    auto why = piece.opcode == WSLAY_CONNECTION_CLOSE ? on_close_frame(events) : std::nullopt;
    if (piece.opcode == WSLAY_PING && !close_sent) {
      answer_ping();
      events.on_ping(as_bytes(control));
    }
    if (piece.opcode == WSLAY_PONG) events.on_pong(as_bytes(control));
    control.clear();
    return why;
  }
  return on_data(piece, first && piece.fin != 0 && fragments == 1, events);
}

std::optional<Session::Impl::Fault> Session::Impl::on_frame_start(const wslay_frame_iocb& piece) {
  if (piece.rsv != 0) return Fault{close::protocol_error, "reserved bits set without an extension"};
  const bool masked = piece.mask != 0;
  if (role == Role::server && !masked) return Fault{close::protocol_error, "client frames have to be masked"};
  if (role == Role::client && masked) return Fault{close::protocol_error, "server frames must not be masked"};
  switch (piece.opcode) {
    case WSLAY_CONTINUATION_FRAME:
    case WSLAY_TEXT_FRAME:
    case WSLAY_BINARY_FRAME:
      return on_data_start(piece);
    case WSLAY_CONNECTION_CLOSE:
    case WSLAY_PING:
    case WSLAY_PONG:
      return std::nullopt;
    default:
      return Fault{close::protocol_error, "unknown opcode"};
  }
}

std::optional<Session::Impl::Fault> Session::Impl::on_data_start(const wslay_frame_iocb& piece) {
  if (piece.opcode == WSLAY_CONTINUATION_FRAME) {
    if (!in_message) return Fault{close::protocol_error, "continuation without a message"};
    if (++fragments > limits.fragments) return Fault{close::policy, "too many fragments"};
  } else {
    if (in_message) return Fault{close::protocol_error, "message inside a fragmented message"};
    in_message = true;
    fragments = 1;
    opcode = piece.opcode == WSLAY_TEXT_FRAME ? Opcode::text : Opcode::binary;
    utf8 = {};
  }
  if (piece.payload_length > limits.message - message.size()) return Fault{close::too_big, "message too big"};
  return std::nullopt;
}

std::optional<Session::Impl::Fault> Session::Impl::on_data(const wslay_frame_iocb& piece, bool whole,
                                                           SessionEvents& events) {
  const std::span data(piece.data, piece.data_length);
  const bool last = piece.fin != 0 && !in_frame;
  if (opcode == Opcode::text && (!utf8.feed(data) || (last && !utf8.complete()))) {
    return Fault{close::bad_data, "text is not UTF-8"};
  }
  if (last && whole) {  // it came in one piece: no copy
    in_message = false;
    deliver(data, events);
    return std::nullopt;
  }
  message.append(reinterpret_cast<const char*>(data.data()), data.size());
  if (!last) return std::nullopt;
  in_message = false;
  const std::string taken = std::exchange(message, {});
  deliver(as_bytes(taken), events);
  return std::nullopt;
}

void Session::Impl::deliver(std::span<const std::uint8_t> data, SessionEvents& events) {
  if (!close_sent) events.on_message(opcode, data);
}

std::optional<Session::Impl::Fault> Session::Impl::on_close_frame(SessionEvents& events) {
  if (control.empty()) {
    close_received = true;
    queue_close(std::nullopt, {});
    events.on_close(close::no_status, {});
    return std::nullopt;
  }
  if (control.size() == 1) return Fault{close::protocol_error, "close frame of one byte"};
  const std::uint16_t code = read_code(control);
  const std::string_view reason = std::string_view(control).substr(2);
  if (!close::on_wire(code)) return Fault{close::protocol_error, "close code that must not be sent"};
  if (!units::is_utf8(reason)) return Fault{close::bad_data, "close reason is not UTF-8"};
  close_received = true;
  queue_close(code, {});
  events.on_close(code, reason);
  return std::nullopt;
}

void Session::Impl::fail(Fault why) {
  fault = why.code;
  fault_words = why.words;
  std::string().swap(message);
  queue_close(why.code, why.words);
}

void Session::Impl::answer_ping() {
  out.push_pong(frame(WSLAY_PONG, as_bytes(control), random), over_limits());
}

bool Session::Impl::queue(std::uint8_t code, std::string_view payload) {
  if (close_sent || close_received) return false;
  out.push(frame(code, as_bytes(payload), random));
  return true;
}

bool Session::Impl::queue_close(std::optional<std::uint16_t> code, std::string_view reason) {
  if (close_sent) return false;
  std::string payload;
  if (code) {
    payload += static_cast<char>(*code >> 8);
    payload += static_cast<char>(*code & 0xFF);
    payload += units::cut_utf8(reason, kMaxReason);
  }
  out.push(frame(WSLAY_CONNECTION_CLOSE, as_bytes(payload), random));
  close_sent = true;
  return true;
}

Session::Session(Role role, SessionLimits limits, Random random)
    : impl_(std::make_unique<Impl>(role, limits, random)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

units::Result<void> Session::receive(std::span<const std::uint8_t> bytes, SessionEvents& events) {
  if (impl_->fault || impl_->close_received) return {};
  impl_->input = bytes;
  while (impl_->read_piece(events)) {
  }
  impl_->input = {};
  if (impl_->fault) return units::fail(units::ErrorCode::invalid, std::string(impl_->fault_words));
  return {};
}

bool Session::send(Opcode opcode, std::string_view payload) {
  return impl_->queue(static_cast<std::uint8_t>(opcode), payload);
}

bool Session::send(SharedFrame frame) {
  if (impl_->role != Role::server) std::abort();  // a client has to mask each frame anew
  if (impl_->close_sent || impl_->close_received) return false;
  impl_->out.push(std::move(frame));
  return true;
}

bool Session::ping(std::string_view payload) {
  return payload.size() <= kMaxControl && impl_->queue(WSLAY_PING, payload);
}

bool Session::close(std::uint16_t code, std::string_view reason) {
  return impl_->queue_close(code, reason);
}

std::span<const std::uint8_t> Session::output() {
  return impl_->out.output();
}
void Session::consume(std::size_t n) {
  impl_->out.consume(n);
}
std::size_t Session::queued() const noexcept {
  return impl_->out.bytes();
}
bool Session::wants_input() const noexcept {
  return !impl_->over_limits();
}
bool Session::close_sent() const noexcept {
  return impl_->close_sent;
}
bool Session::close_received() const noexcept {
  return impl_->close_received;
}
std::optional<std::uint16_t> Session::fault() const noexcept {
  return impl_->fault;
}

std::string accept_key(std::string_view key) {
  const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) std::abort();
  std::array<unsigned char, 29> encoded{};  // 20 bytes are 28 characters and a zero
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

}  // namespace vedette::wire
