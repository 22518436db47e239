#include "server/live/viewer.h"

#include <algorithm>
#include <utility>

#include "schema/units/log.h"
#include "schema/wire/session.h"

namespace vedette::live {

Viewer::Viewer(Hub& hub, const Login& login, domain::Executor& loop, Form form, Outlet& outlet)
    : hub_(hub), outlet_(outlet), seat_(std::make_shared<Seat>(Seat{loop, form, login, this, {}})) {
  hub_.join(seat_);
}

Viewer::~Viewer() {
  seat_->subscriber = nullptr;
  hub_.leave(seat_);
}

bool Viewer::subscribe(std::vector<std::string> topics, std::optional<std::string> cursor) {
  std::set<std::string> all = topics_;
  all.insert(topics.begin(), topics.end());
  if (all.size() > hub_.limits().topics) {
    ++hub_.counters().over_topics;
    return false;
  }
  topics_ = std::move(all);
  hub_.subscribe(seat_, std::move(topics), std::move(cursor));
  return true;
}

void Viewer::unsubscribe(std::vector<std::string> topics) {
  for (const auto& topic : topics) {
    topics_.erase(topic);
    held_.erase(topic);
  }
  hub_.unsubscribe(seat_, std::move(topics));
}

void Viewer::answer(const Answer& answer) {
  outlet_.on_answered();
  if (closing_) return;
  withdraw(answer.refused);
  for (const std::string& topic : answer.replaced) held_.erase(topic);  // older than the snapshot
  release();
  for (const Encoded& message : answer.messages) send_state(message);
}

void Viewer::withdraw(const Refusals& lost) {
  if (closing_) return;
  for (const auto& [topic, words] : lost) {
    topics_.erase(topic);
    held_.erase(topic);
    outlet_.send(encode(seat_->form, error_text(words, topic), {}));
  }
}

std::size_t Viewer::waiting() {
  const std::size_t queued = outlet_.queued_bytes();
  state_bytes_ = std::min(state_bytes_, queued);
  return queued - state_bytes_;
}

void Viewer::take(const SharedEvent& event) {
  if (closing_ || !topics_.contains(event->topic)) return;
  const bool behind = waiting() > hub_.limits().hold_above;
  if (held_.empty() && (!behind || event->urgent)) {
    outlet_.send(event->encoded[static_cast<std::size_t>(seat_->form)]);
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
    const std::string at = hub_.cursor(held_before_);
    outlet_.send(encode(seat_->form, delta_text(event.topic, at, header, urgent), at));
  }
  if (held.rows.empty() && !held.header) held_.erase(event.topic);
}

void Viewer::drained() {
  if (!closing_) release();
}

void Viewer::release() {
  while (!held_.empty()) {
    const auto held = held_.extract(held_.begin());
    const auto rows = held.mapped().rows.rows();
    const auto runs = split(rows, hub_.limits().part);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const bool last = held_.empty() && i + 1 == runs.size();
      const std::string at = hub_.cursor(last ? held_through_ : held_before_);
      const auto& header = i == 0 ? held.mapped().header : std::nullopt;
      send_state(encode(seat_->form, delta_text(held.key(), at, header, runs[i]), at));
    }
  }
}

/// The size of a snapshot, or of what was held, is the collector's doing: it doesn't make a viewer slow.
void Viewer::send_state(const Encoded& message) {
  const std::size_t before = outlet_.queued_bytes();
  outlet_.send(message);
  state_bytes_ = std::min(state_bytes_, before) + (outlet_.queued_bytes() - before);
}

void Viewer::judge_speed() {
  const std::size_t bytes = waiting();
  if (bytes > hub_.limits().too_slow) close_too_slow(std::to_string(bytes) + " bytes wait");
}

void Viewer::close_too_slow(const std::string& words) {
  ++hub_.counters().too_slow;
  close(wire::close::too_slow, "too slow: " + words);
}

void Viewer::close(std::uint16_t code, std::string_view reason) {
  if (std::exchange(closing_, true)) return;
  held_.clear();
  outlet_.close(code, reason);
}

void Viewer::beat(const Encoded& beat, const std::string&) {
  if (closing_) return;
  const std::size_t queued = outlet_.queued_bytes();
  stalled_ = queued > 0 && queued >= last_waiting_ ? stalled_ + 1 : 0;
  if (stalled_ > hub_.limits().stalled_beats) return close_too_slow("nothing taken for a minute");
  outlet_.send(held_.empty() ? beat : encode_beat(seat_->form, hub_.cursor(held_before_)));
  last_waiting_ = outlet_.queued_bytes();
}

void Viewer::end_login() {
  close(wire::close::unauthorized, "your login ended");
}

void log_disconnected(std::string_view transport, std::string_view peer, const domain::Ending& ending) {
  units::log_info("viewer disconnected", {{"transport", transport},
                                          {"peer", peer},
                                          {"code", ending.code},
                                          {"reason", ending.words},
                                          {"closed_by", domain::closed_by(ending)}});
}

}  // namespace vedette::live
