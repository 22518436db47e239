#include "server/net/body_writer.h"

#include <array>
#include <charconv>
#include <utility>

#include "server/net/shard.h"

namespace vedette::net {
namespace {

std::string chunk_size(std::size_t size) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  return std::string(digits.data(), end) + "\r\n";
}

}  // namespace

BodyWriter::BodyWriter(Peer& peer, std::shared_ptr<domain::StreamHandler> handler, Framing framing)
    : peer_(peer), handler_(std::move(handler)), framing_(framing), patience_(peer.shard().config().write_deadline) {}

void BodyWriter::open() {
  handler_->on_open(*this);
}

domain::Executor& BodyWriter::loop() noexcept {
  return peer_.shard().loop();
}

bool BodyWriter::write(std::shared_ptr<const std::string> piece) {
  if (finished_ || !handler_) return false;
  if (piece->empty()) return true;  // a chunk of nothing would end the body
  if (queue_.bytes() == 0) peer_.set_deadline(patience_);
  if (framing_ == Framing::chunked) {
    queue_.push(chunk_size(piece->size()));
    queue_.push(std::move(piece));
    queue_.push(std::string("\r\n"));
  } else {
    queue_.push(std::move(piece));
  }
  peer_.pump_soon();
  return true;
}

void BodyWriter::finish(std::optional<units::Milliseconds> within) {
  if (std::exchange(finished_, true)) return;
  if (within) patience_ = *within;
  if (framing_ == Framing::until_close) return peer_.finish(peer_.shard().config().linger_deadline);
  peer_.set_deadline(patience_);
  queue_.push(std::string("0\r\n\r\n"));
  peer_.pump_soon();
}

void BodyWriter::abort() {
  peer_.drop();
}

void BodyWriter::consume(std::size_t n) {
  queue_.consume(n);
  peer_.set_deadline(patience_);
}

bool BodyWriter::flushed() {
  if (finished_) return true;
  peer_.set_deadline(std::nullopt);  // nothing waits: the handler may be silent for as long as it likes
  if (handler_) std::shared_ptr(handler_)->on_drained();
  return finished_ && queue_.bytes() == 0;
}

void BodyWriter::on_stop() {
  if (handler_) std::shared_ptr(handler_)->on_stop();
}

void BodyWriter::on_end(std::string_view how) {
  finished_ = true;
  if (const auto handler = std::exchange(handler_, nullptr)) handler->on_end(how);
}

}  // namespace vedette::net
