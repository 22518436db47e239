#include "server/live/viewer.h"

#include <algorithm>
#include <utility>

#include "schema/wire/session.h"

namespace vedette::live {

Viewer::Viewer(Hub& hub, domain::Digest sid, units::Instant expires)
    : hub_(hub), sid_(std::move(sid)), expires_(expires) {}

void Viewer::on_open(domain::Connection& connection) {
  connection_ = &connection;
  seat_ = std::make_shared<Seat>(Seat{connection.loop(), sid_, expires_, this, {}});
  hub_.join(seat_);
}

void Viewer::on_end(const domain::Ending&) {
  closing_ = true;
  connection_ = nullptr;
  seat_->viewer = nullptr;
  hub_.leave(seat_);
}

void Viewer::on_binary(std::span<const std::uint8_t>) {
  closing_ = true;
  connection_->close(wire::close::unsupported, "viewers send text messages");
}

void Viewer::fault(const std::string& words) {
  connection_->send_text(error_text(words));
  if (++faults_ < hub_.limits().faults) return;
  closing_ = true;
  connection_->close(wire::close::policy, "too many bad messages: " + words);
}

bool Viewer::accept_topics(const ViewerRequest& request) {
  if (request.op == ViewerRequest::Op::unsubscribe) {
    for (const auto& topic : request.topics) {
      topics_.erase(topic);
      held_.erase(topic);
    }
    return true;
  }
  std::set<std::string> all = topics_;
  all.insert(request.topics.begin(), request.topics.end());
  if (all.size() > hub_.limits().topics) return false;
  topics_ = std::move(all);
  return true;
}

void Viewer::on_text(std::string_view payload) {
  if (closing_) return;
  if (payload.size() > hub_.limits().message) return fault("a message has at most 4096 bytes");
  auto request = parse_request(payload);
  if (!request) return fault(request.error().message);
  if (!accept_topics(*request)) {
    return fault("a viewer has at most " + std::to_string(hub_.limits().topics) + " topics");
  }
  if (++in_flight_ > hub_.limits().requests_in_flight) {
    closing_ = true;
    return connection_->close(wire::close::policy, "too many requests at once");
  }
  // One at a time: a viewer that asks faster than it is answered waits in its own socket.
  connection_->pause_reading(true);
  if (request->op == ViewerRequest::Op::subscribe) {
    hub_.subscribe(seat_, std::move(request->topics), std::move(request->cursor));
  } else {
    hub_.unsubscribe(seat_, std::move(request->topics));
  }
}

void Viewer::answer(const std::vector<std::string>& topics, std::span<const domain::SharedFrame> frames,
                    const Refusals& refused) {
  if (--in_flight_ == 0) connection_->pause_reading(false);
  if (closing_) return;
  for (const auto& [topic, words] : refused) {
    topics_.erase(topic);
    connection_->send_text(error_text(words, topic));
  }
  for (const std::string& topic : topics) held_.erase(topic);  // older than the snapshot
  release();
  const std::size_t before = connection_->queued_bytes();
  for (const auto& frame : frames) connection_->send_frame(frame);
  sent_state(before);
}

std::size_t Viewer::waiting() {
  const std::size_t queued = connection_->queued_bytes();
  state_bytes_ = std::min(state_bytes_, queued);
  return queued - state_bytes_;
}

void Viewer::take(const SharedEvent& event) {
  if (closing_ || !topics_.contains(event->topic)) return;
  const bool behind = waiting() > hub_.limits().hold_above;
  if (held_.empty() && (!behind || event->urgent)) {
    connection_->send_frame(event->frame);
  } else {
    if (held_.empty()) held_before_ = event->number - 1;
    hold(*event);
  }
  held_through_ = event->number;
  judge_speed();
}

void Viewer::hold(const Event& event) {
  Held& held = held_[event.topic];
  if (event.header) {  // rows of the old header can't be told any more
    hub_.counters().conflated += held.rows.size();
    held.rows.clear();
    held.header = event.header;
  }
  std::vector<SharedRow> urgent;
  for (const auto& row : event.rows) {
    if (!row.conflate) {
      urgent.push_back(row.json);
    } else if (held.rows.put(row.key, row.json)) {
      ++hub_.counters().conflated;
    }
  }
  if (is_host_topic(event.topic)) hub_.counters().conflated += held.rows.keep_last(hub_.limits().host_rows);
  if (!urgent.empty()) {
    const auto header = std::exchange(held.header, std::nullopt);
    connection_->send_text(delta_text(event.topic, hub_.cursor(held_before_), header, urgent));
  }
  if (held.rows.empty() && !held.header) held_.erase(event.topic);
}

void Viewer::on_drained() {
  if (!closing_) release();
}

void Viewer::release() {
  while (!held_.empty()) {
    const auto held = held_.extract(held_.begin());
    const auto rows = held.mapped().rows.rows();
    const auto runs = split(rows, hub_.limits().part);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const bool last = held_.empty() && i + 1 == runs.size();
      send_text_of_state(delta_text(held.key(), hub_.cursor(last ? held_through_ : held_before_),
                                    i == 0 ? held.mapped().header : std::nullopt, runs[i]));
    }
  }
}

void Viewer::send_text_of_state(const std::string& text) {
  const std::size_t before = connection_->queued_bytes();
  connection_->send_text(text);
  sent_state(before);
}

void Viewer::sent_state(std::size_t queued_before) {
  state_bytes_ = std::min(state_bytes_, queued_before) + (connection_->queued_bytes() - queued_before);
}

void Viewer::judge_speed() {
  const std::size_t bytes = waiting();
  if (bytes <= hub_.limits().too_slow) return;
  close_too_slow(std::to_string(bytes) + " bytes wait");
}

void Viewer::close_too_slow(const std::string& words) {
  closing_ = true;
  held_.clear();
  ++hub_.counters().too_slow;
  connection_->close(wire::close::too_slow, "too slow: " + words);
}

void Viewer::beat(const domain::SharedFrame& frame) {
  if (closing_) return;
  const std::size_t queued = connection_->queued_bytes();
  stalled_ = queued > 0 && queued >= last_waiting_ ? stalled_ + 1 : 0;
  if (stalled_ > hub_.limits().stalled_beats) return close_too_slow("nothing taken for a minute");
  if (held_.empty()) {
    connection_->send_frame(frame);
  } else {
    connection_->send_text(beat_text(hub_.cursor(held_before_)));
  }
  last_waiting_ = connection_->queued_bytes();
}

void Viewer::end_login() {
  if (closing_) return;
  closing_ = true;
  connection_->close(wire::close::unauthorized, "your login ended");
}

}  // namespace vedette::live
