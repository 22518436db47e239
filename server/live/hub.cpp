// The part of Hub that keeps topics and fans out what is published.
#include "server/live/hub.h"

#include <algorithm>
#include <utility>

#include "server/live/topic.h"

namespace vedette::live {

std::string delta_of(const Event& event, const std::string& cursor) {
  std::vector<SharedRow> rows;
  rows.reserve(event.rows.size());
  for (const auto& row : event.rows) rows.push_back(row.json);
  return delta_text(event.topic, cursor, event.header, rows);
}

struct Hub::Parcel {
  SharedEvent event;
  std::vector<SharedSeat> seats;
};

Hub::Hub(HubPorts ports, std::string run, Limits limits)
    : ports_(std::move(ports)),
      control_(ports_.control),
      run_(std::move(run)),
      limits_(limits),
      recent_(limits.recent) {}

Hub::~Hub() = default;

void Hub::start() {
  control_.post([this] { control_.after(limits_.beat, [this] { beat(); }); });
}

Hub::Topic& Hub::topic(std::string_view name) {
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    found = topics_.emplace(std::string(name), std::make_unique<Topic>()).first;
    found->second->name = name;
    found->second->whole_from = ++number_;  // who watched it before may have missed something since
  }
  return *found->second;
}

Hub::Pending& Hub::pending(Topic& topic) {
  if (!std::exchange(topic.changed, true)) changed_.push_back(&topic);
  schedule_flush();
  return topic.pending;
}

void Hub::header(std::string_view name, std::string json) {
  if (!watched(name)) return;
  Topic& told = topic(name);
  if (told.header == json) return;
  if (told.header != kNoHeader) {  // rows published before belong to the old header
    if (!told.pending.empty()) flush();
    told.rows.clear();
  }
  told.header = std::move(json);
  pending(told).header_changed = true;
}

void Hub::publish(std::string_view name, std::string_view key, std::string json, bool conflate) {
  if (!watched(name)) return;
  Topic& changed = topic(name);
  const auto row = std::make_shared<const std::string>(std::move(json));
  changed.rows.put(key, row);
  if (is_host_topic(name)) changed.rows.keep_last(limits_.host_rows);
  Pending& waiting = pending(changed);
  if (conflate) {
    const auto [place, fresh] = waiting.conflating.try_emplace(std::string(key), waiting.rows.size());
    if (!fresh) {
      waiting.rows[place->second].json = row;
      return;
    }
  }
  waiting.rows.push_back({std::string(key), row, conflate});
}

void Hub::retire(std::string_view name, std::string_view key) {
  if (const auto found = topics_.find(name); found != topics_.end()) {
    found->second->rows.erase(key);
    found->second->snapshot_at = 0;
  }
}

bool Hub::watched(std::string_view name) const {
  return !is_host_topic(name) || topics_.contains(name);
}

units::Steady Hub::next_flush() const {
  const auto apart = std::chrono::ceil<units::Milliseconds>(limits_.flush_a_viewer * seats_.size());
  return flushed_ + std::clamp(apart, limits_.flush_least, limits_.flush_most);
}

void Hub::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  const auto left = std::chrono::ceil<units::Milliseconds>(next_flush() - ports_.clock.steady());
  control_.after(std::max(left, units::Milliseconds{0}), [this] {
    flush_scheduled_ = false;
    flush();
  });
}

void Hub::flush() {
  flushed_ = ports_.clock.steady();
  std::map<domain::Executor*, std::vector<Parcel>> parcels;
  for (Topic* changed : std::exchange(changed_, {})) {
    changed->changed = false;
    flush_topic(*changed, parcels);
  }
  for (auto& [loop, list] : parcels) {
    loop->post([mine = std::move(list)] {
      for (const Parcel& parcel : mine) {
        for (const auto& seat : parcel.seats) {
          if (seat->subscriber) seat->subscriber->take(parcel.event);
        }
      }
    });
  }
  answer_requests();
}

void Hub::flush_topic(Topic& changed, std::map<domain::Executor*, std::vector<Parcel>>& parcels) {
  Pending taken = std::exchange(changed.pending, {});
  std::map<domain::Executor*, std::vector<SharedSeat>> seats;
  for (const auto& seat : changed.seats) seats[&seat->loop].push_back(seat);
  std::vector<SharedRow> texts;
  texts.reserve(taken.rows.size());
  for (const auto& row : taken.rows) texts.push_back(row.json);
  auto next = std::make_move_iterator(taken.rows.begin());
  for (const auto run : split(texts, limits_.part)) {
    const auto end = next + static_cast<std::ptrdiff_t>(run.size());
    std::optional<std::string> told;
    if (std::exchange(taken.header_changed, false)) told = changed.header;
    const SharedEvent event = make_event(changed, std::move(told), {next, end});
    for (const auto& [loop, watching] : seats) parcels[loop].push_back({event, watching});
    next = end;
  }
}

SharedEvent Hub::make_event(const Topic& changed, std::optional<std::string> told, std::vector<Event::Row> rows) {
  Event event;
  event.number = ++number_;
  event.topic = changed.name;
  event.header = std::move(told);
  event.rows = std::move(rows);
  event.urgent = !event.rows.empty() && std::ranges::none_of(event.rows, &Event::Row::conflate);
  std::string text;
  for (const auto& seat : changed.seats) {
    Encoded& encoded = event.encoded[static_cast<std::size_t>(seat->form)];
    if (encoded) continue;
    if (text.empty()) text = delta_of(event, cursor(event.number));
    encoded = encode(seat->form, text, cursor(event.number), &deflate_);
  }
  auto shared = std::make_shared<const Event>(std::move(event));
  recent_.push(shared);
  ++counters_.events;
  return shared;
}

void Hub::forget_unwatched() {
  std::erase_if(topics_, [this](const auto& entry) {
    Topic& idle = *entry.second;
    if (!is_host_topic(entry.first) || !idle.seats.empty()) return false;
    return ++idle.unwatched_beats > limits_.forget_after;
  });
}

}  // namespace vedette::live
