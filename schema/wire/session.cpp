#include "schema/wire/session.h"

#include <openssl/evp.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "schema/wire/session_impl.h"

namespace vedette::wire {
namespace {

constexpr std::size_t kMaxControl = 125;  ///< RFC 6455, 5.5
constexpr std::size_t kMaxReason = kMaxControl - 2;

}  // namespace

bool close::on_wire(std::uint16_t code) noexcept {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void Session::Impl::answer_ping() {
  out.push_pong(write_frame({.opcode = WSLAY_PONG}, control, random), over_limits());
}

bool Session::Impl::queue(FrameKind kind, std::string_view payload) {
  if (close_sent || close_received) return false;
  out.push(write_frame(kind, payload, random));
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
  out.push(write_frame({.opcode = WSLAY_CONNECTION_CLOSE}, payload, random));
  close_sent = true;
  return true;
}

Session::Session(Role role, SessionLimits limits, Random random, Compression compression)
    : impl_(std::make_unique<Impl>(role, limits, random, compression)) {}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

units::Result<void> Session::receive(std::span<const std::uint8_t> bytes, SessionEvents& events) {
  if (impl_->fault || impl_->close_received) return {};
  impl_->reader.start(bytes);
  while (impl_->read_piece(events)) {
  }
  impl_->reader.finish();
  if (impl_->fault) return units::fail(units::ErrorCode::invalid, std::string(impl_->fault_words));
  return {};
}

bool Session::send(Opcode opcode, std::string_view payload) {
  const auto code = static_cast<std::uint8_t>(opcode);
  if (impl_->close_sent || impl_->close_received) return false;
  const Compression& agreed = impl_->compression;
  if (agreed.deflate != nullptr) {
    if (const auto small = agreed.deflate->compress(payload, agreed.window_bits)) {
      return impl_->queue({.opcode = code, .compressed = true}, *small);
    }
  }
  return impl_->queue({.opcode = code}, payload);
}

bool Session::send(SharedFrame frame) {
  if (impl_->role != Role::server) std::abort();  // a client has to mask each frame anew
  if (impl_->close_sent || impl_->close_received) return false;
  const Compression& agreed = impl_->compression;
  const bool deflated = agreed.deflate != nullptr && agreed.window_bits == kMostWindowBits && !frame->deflated.empty();
  const std::string* const form = deflated ? &frame->deflated : &frame->plain;
  impl_->out.push(std::shared_ptr<const std::string>(std::move(frame), form));
  return true;
}

bool Session::ping(std::string_view payload) {
  return payload.size() <= kMaxControl && impl_->queue({.opcode = WSLAY_PING}, payload);
}

bool Session::close(std::uint16_t code, std::string_view reason) {
  return impl_->queue_close(close::on_wire(code) ? code : close::internal, reason);
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
