#include "server/live/socket_viewer.h"

#include <utility>

#include "schema/wire/session.h"

namespace vedette::live {

SocketViewer::SocketViewer(Hub& hub, Login login) : hub_(hub), login_(std::move(login)) {}

void SocketViewer::on_open(domain::Connection& connection) {
  connection_ = &connection;
  viewer_.emplace(hub_, login_, connection.loop(), Form::frame, static_cast<Outlet&>(*this));
}

void SocketViewer::on_end(const domain::Ending& ending) {
  log_disconnected("websocket", connection_->peer(), ending);
  viewer_.reset();
  connection_ = nullptr;
}

void SocketViewer::send(const Encoded& message) {
  if (message.frame) {
    connection_->send_frame(message.frame);
  } else {
    connection_->send_text(*message.text);
  }
}

void SocketViewer::on_binary(std::span<const std::uint8_t>) {
  viewer_->close(wire::close::unsupported, "viewers send text messages");
}

void SocketViewer::fault(const std::string& words) {
  connection_->send_text(error_text(words));
  if (++faults_ < hub_.limits().faults) return;
  viewer_->close(wire::close::policy, "too many bad messages: " + words);
}

void SocketViewer::on_text(std::string_view payload) {
  if (viewer_->closing()) return;
  if (payload.size() > hub_.limits().message) {
    return fault("a message has at most " + std::to_string(hub_.limits().message) + " bytes");
  }
  auto request = parse_request(payload);
  if (!request) return fault(request.error().message);
  if (in_flight_ >= hub_.limits().requests_in_flight) {
    return viewer_->close(wire::close::policy, "too many requests at once");
  }
  if (request->op == ViewerRequest::Op::unsubscribe) {
    viewer_->unsubscribe(std::move(request->topics));
  } else if (!viewer_->subscribe(std::move(request->topics), std::move(request->cursor))) {
    return fault("a viewer has at most " + std::to_string(hub_.limits().topics) + " topics");
  }
  ++in_flight_;
  // One at a time: a viewer that asks faster than it is answered waits in its own socket.
  connection_->pause_reading(true);
}

void SocketViewer::on_answered() {
  if (--in_flight_ == 0) connection_->pause_reading(false);
}

}  // namespace vedette::live
