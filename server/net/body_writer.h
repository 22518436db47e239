// A response body while it is written: chunked framing, what waits, and the handler that writes it. One peer's, on its
// loop thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "schema/wire/output_queue.h"
#include "server/domain/http.h"
#include "server/net/peer.h"

namespace vedette::net {

class BodyWriter final : public domain::BodyStream {
 public:
  enum class Framing : std::uint8_t { chunked, until_close };

  BodyWriter(Peer& peer, std::shared_ptr<domain::StreamHandler> handler, Framing framing);
  /// Lets the handler begin; after the head was queued.
  void open();

  // domain::BodyStream
  [[nodiscard]] domain::Executor& loop() noexcept override;
  bool write(std::shared_ptr<const std::string> piece) override;
  void finish(std::optional<units::Milliseconds> within) override;
  void abort() override;
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return queue_.bytes(); }

  // For the protocol.
  [[nodiscard]] std::span<const std::uint8_t> output() { return queue_.output(); }
  void consume(std::size_t n);
  /// All that waited was written. True if that was the body's end.
  [[nodiscard]] bool flushed();
  void on_stop();
  void on_end(std::string_view how);  ///< also after the last byte; the second call does nothing

 private:
  Peer& peer_;
  std::shared_ptr<domain::StreamHandler> handler_;  ///< gone once on_end was called
  Framing framing_;
  wire::OutputQueue queue_;
  units::Milliseconds patience_;  ///< how long the peer may take nothing of what waits
  bool finished_ = false;
};

}  // namespace vedette::net
