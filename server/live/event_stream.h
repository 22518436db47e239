// A viewer on Server-Sent Events (HTML Living Standard, 9.2): topics and cursor come with the request and stay. Lives
// on the connection's loop thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/domain/http.h"
#include "server/live/viewer.h"

namespace vedette::live {

/// What a viewer without a WebSocket asks for.
struct Watch {
  std::vector<std::string> topics;    ///< valid names, no duplicates, at least one
  std::optional<std::string> cursor;  ///< where it was; nothing or unknown: snapshots
};

/// Begins with `retry:`; every message is an event whose id is the cursor. Ends with an event `close` that holds code
/// and reason of a WebSocket's close frame, unless the connection just goes.
class EventStream final : public domain::StreamHandler, private Outlet {
 public:
  /// `peer` as in RequestHead, for the log.
  EventStream(Hub& hub, Login login, Watch watch, std::string peer);

  // domain::StreamHandler
  void on_open(domain::BodyStream& stream) override;
  void on_drained() override { viewer_->drained(); }
  void on_stop() override;
  void on_end(std::string_view how) override;

 private:
  void send(const Encoded& message) override { stream_->write(message.text); }
  [[nodiscard]] std::size_t queued_bytes() const override { return stream_->queued_bytes(); }
  void close(std::uint16_t code, std::string_view reason) override;

  Hub& hub_;
  const Login login_;
  Watch watch_;
  const std::string peer_;
  domain::Ending ending_;  ///< as told in `close`, if it was
  domain::BodyStream* stream_ = nullptr;
  std::optional<Viewer> viewer_;
};

}  // namespace vedette::live
