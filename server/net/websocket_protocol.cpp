#include "server/net/websocket_protocol.h"

#include <utility>

#include "server/net/shard.h"

namespace vedette::net {

using How = domain::Ending::How;

WebSocketProtocol::WebSocketProtocol(Peer& peer, Start start)
    : peer_(peer),
      session_(wire::Role::server, start.limits, nullptr, start.compression),
      response_(std::move(start.response)),
      peer_text_(std::move(start.peer)),
      path_(std::move(start.path)) {}

void WebSocketProtocol::open(std::unique_ptr<domain::ConnectionHandler> handler) {
  handler_ = std::move(handler);
  handler_->on_open(*this);
}

domain::Executor& WebSocketProtocol::loop() noexcept {
  return peer_.shard().loop();
}

void WebSocketProtocol::on_bytes(std::span<const std::uint8_t> bytes) {
  if (aborted_) return;
  const auto result = session_.receive(bytes, *this);
  if (!result) {
    Refusals& refusals = peer_.shard().refusals();
    if (session_.fault() == wire::close::too_big) ++refusals.message;
    if (session_.fault() == wire::close::policy) ++refusals.fragments;
    report({How::closed, session_.fault().value_or(wire::close::protocol_error), result.error().message, true});
    peer_.finish(peer_.shard().config().close_deadline);
  } else if (peer_close_) {
    report(*std::exchange(peer_close_, std::nullopt));
    peer_.finish(peer_.shard().config().linger_deadline);
  }
}

bool WebSocketProtocol::wants_input() const {
  if (aborted_) return false;
  return session_.close_sent() || (!paused_ && session_.wants_input());
}

std::span<const std::uint8_t> WebSocketProtocol::output() {
  if (response_.empty()) return session_.output();
  return {reinterpret_cast<const std::uint8_t*>(response_.data()), response_.size()};
}

void WebSocketProtocol::consume(std::size_t n) {
  if (response_.empty()) return session_.consume(n);
  response_.erase(0, n);
  if (response_.empty()) response_.shrink_to_fit();
}

void WebSocketProtocol::on_flushed() {
  if (handler_ && !aborted_) handler_->on_drained();
}

void WebSocketProtocol::on_deadline() {
  ++peer_.shard().refusals().close_deadline;
  const std::uint16_t code = our_close_ ? our_close_->first : wire::close::abnormal;
  report({How::we_gave_up, code, "no answer to our close frame", true});
  peer_.drop();
}

void WebSocketProtocol::on_end(const std::string& how) {
  if (aborted_) return report({How::we_gave_up, wire::close::abnormal, "dropped by the collector", true});
  if (our_close_) return report({How::closed, our_close_->first, our_close_->second, true});
  report({How::without_close, wire::close::abnormal, how, false});
}

void WebSocketProtocol::report(const domain::Ending& ending) {
  if (const auto handler = std::exchange(handler_, nullptr)) handler->on_end(ending);
}

bool WebSocketProtocol::sent(bool queued) {
  if (queued) peer_.pump_soon();
  return queued;
}

bool WebSocketProtocol::send_text(std::string_view payload) {
  return sent(session_.send(wire::Opcode::text, payload));
}
bool WebSocketProtocol::send_binary(std::string_view payload) {
  return sent(session_.send(wire::Opcode::binary, payload));
}
bool WebSocketProtocol::send_frame(domain::SharedFrame frame) {
  return sent(session_.send(std::move(frame)));
}
bool WebSocketProtocol::ping(std::string_view payload) {
  return sent(session_.ping(payload));
}

void WebSocketProtocol::close(std::uint16_t code, std::string_view reason) {
  if (!sent(session_.close(code, reason))) return;
  our_close_.emplace(code, reason);
  peer_.set_deadline(peer_.shard().config().close_deadline);
}

void WebSocketProtocol::abort() {
  if (std::exchange(aborted_, true)) return;
  peer_.drop();
}

void WebSocketProtocol::pause_reading(bool paused) {
  if (std::exchange(paused_, paused) != paused) peer_.pump_soon();
}

void WebSocketProtocol::on_message(wire::Opcode opcode, std::span<const std::uint8_t> data) {
  if (!handler_ || aborted_) return;
  if (opcode == wire::Opcode::binary) return handler_->on_binary(data);
  handler_->on_text({reinterpret_cast<const char*>(data.data()), data.size()});
}

void WebSocketProtocol::on_pong(std::span<const std::uint8_t> data) {
  if (handler_ && !aborted_) handler_->on_pong(data);
}

void WebSocketProtocol::on_close(std::uint16_t code, std::string_view reason) {
  if (our_close_) {
    peer_close_ = domain::Ending{How::closed, our_close_->first, our_close_->second, true};
  } else {
    peer_close_ = domain::Ending{How::closed, code, std::string(reason), false};
  }
}

}  // namespace vedette::net
