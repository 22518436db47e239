#include "server/live/event_stream.h"

#include <memory>
#include <utility>

#include "schema/wire/session.h"

namespace vedette::live {
namespace {

/// A comment makes proxies and browsers pass the head on at once; `retry` is how long a browser waits before it comes
/// back by itself.
constexpr std::string_view kOpening = ": vedette live events\nretry: 2000\n\n";

std::shared_ptr<const std::string> share(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

}  // namespace

EventStream::EventStream(Hub& hub, Login login, Watch watch, std::string peer)
    : hub_(hub), login_(std::move(login)), watch_(std::move(watch)), peer_(std::move(peer)) {}

void EventStream::on_open(domain::BodyStream& stream) {
  stream_ = &stream;
  stream.write(share(std::string(kOpening)));
  viewer_.emplace(hub_, login_, stream.loop(), Form::event, static_cast<Outlet&>(*this));
  if (!viewer_->subscribe(std::move(watch_.topics), std::move(watch_.cursor))) {
    viewer_->close(wire::close::policy, "a viewer has at most " + std::to_string(hub_.limits().topics) + " topics");
  }
}

void EventStream::on_stop() {
  viewer_->close(wire::close::restarting, "collector restarting");
}

void EventStream::on_end(std::string_view how) {
  // Without a `close` of ours: HTTP has no code for it, so it reads as a WebSocket's end without a close frame.
  if (!ending_.by_us) {
    const bool dropped = how == domain::kDropped;
    using How = domain::Ending::How;
    ending_ = {dropped ? How::we_gave_up : How::without_close, wire::close::abnormal, std::string(how), dropped};
  }
  log_disconnected("events", peer_, ending_);
  viewer_.reset();
  stream_ = nullptr;
}

void EventStream::close(std::uint16_t code, std::string_view reason) {
  stream_->write(share(close_event(code, reason)));
  stream_->finish(hub_.limits().farewell);
  ending_ = {domain::Ending::How::closed, code, std::string(reason), true};
}

}  // namespace vedette::live
