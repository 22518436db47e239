#include "server/live/event_stream.h"

#include <memory>
#include <utility>

#include "schema/units/log.h"
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

EventStream::EventStream(Hub& hub, Viewer::Login login, Watch watch)
    : hub_(hub), login_(std::move(login)), watch_(std::move(watch)) {}

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

void EventStream::on_end() {
  viewer_.reset();
  stream_ = nullptr;
}

void EventStream::close(std::uint16_t code, std::string_view reason) {
  stream_->write(share(close_event(code, reason)));
  stream_->finish(hub_.limits().farewell);
  units::log_info("viewer disconnected",
                  {{"transport", "events"}, {"code", code}, {"reason", reason}, {"closed_by", "collector"}});
}

}  // namespace vedette::live
