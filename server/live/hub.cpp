#include "server/live/hub.h"

#include <algorithm>
#include <utility>

#include "schema/wire/session.h"
#include "server/live/viewer.h"

namespace vedette::live {
namespace {

constexpr std::size_t kEndedLogins = 1024;
constexpr std::string_view kNoHeader = "[]";

domain::SharedFrame frame_of(std::string_view text) {
  return wire::make_frame(wire::Opcode::text, text);
}

std::string delta_of(const Event& event, const std::string& cursor) {
  std::vector<SharedRow> rows;
  rows.reserve(event.rows.size());
  for (const auto& row : event.rows) rows.push_back(row.json);
  return delta_text(event.topic, cursor, event.header, rows);
}

}  // namespace

/// Rows and header not sent yet. Rows of one key that conflate are merged already here.
struct Hub::Pending {
  bool header_changed = false;
  std::vector<Event::Row> rows;
  std::unordered_map<std::string, std::size_t> conflating;

  [[nodiscard]] bool empty() const { return !header_changed && rows.empty(); }
};

struct Hub::Topic {
  std::string name;
  std::string header{kNoHeader};
  RowSet rows;
  std::unordered_set<SharedSeat> seats;
  Pending pending;
  bool changed = false;          ///< is in changed_
  std::uint64_t whole_from = 0;  ///< events before this number don't suffice to resume (no topic then, other header)
  unsigned unwatched_beats = 0;
  Frames snapshot;  ///< encoded at `snapshot_at`, all parts but the last, which is made as it is needed
  std::uint64_t snapshot_at = 0;
};

struct Hub::Parcel {
  SharedEvent event;
  std::vector<SharedSeat> seats;
};

Hub::Hub(domain::Executor& control, std::string run, Limits limits)
    : control_(control), run_(std::move(run)), limits_(limits), recent_(limits.recent) {}

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

void Hub::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  control_.after(limits_.flush, [this] {
    flush_scheduled_ = false;
    flush();
  });
}

void Hub::flush() {
  std::map<domain::Executor*, std::vector<Parcel>> parcels;
  for (Topic* changed : std::exchange(changed_, {})) {
    changed->changed = false;
    flush_topic(*changed, parcels);
  }
  for (auto& [loop, list] : parcels) {
    loop->post([list = std::move(list)] {
      for (const Parcel& parcel : list) {
        for (const auto& seat : parcel.seats) {
          if (seat->viewer) seat->viewer->take(parcel.event);
        }
      }
    });
  }
}

void Hub::flush_topic(Topic& changed, std::map<domain::Executor*, std::vector<Parcel>>& parcels) {
  Pending taken = std::exchange(changed.pending, {});
  std::map<domain::Executor*, std::vector<SharedSeat>> seats;
  for (const auto& seat : changed.seats) seats[&seat->loop].push_back(seat);
  std::vector<SharedRow> texts;
  for (const auto& row : taken.rows) texts.push_back(row.json);
  auto next = std::make_move_iterator(taken.rows.begin());
  for (const auto run : split(texts, limits_.part)) {
    const auto end = next + static_cast<std::ptrdiff_t>(run.size());
    std::optional<std::string> told;
    if (std::exchange(taken.header_changed, false)) {
      told = changed.header;
      changed.whole_from = number_ + 1;
    }
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
  if (!changed.seats.empty()) event.frame = frame_of(delta_of(event, cursor(event.number)));
  auto shared = std::make_shared<const Event>(std::move(event));
  recent_.push(shared);
  ++counters_.events;
  return shared;
}

void Hub::join(SharedSeat seat) {
  control_.post([this, seat = std::move(seat)] {
    ++counters_.viewers;
    seats_.insert(seat);
    if (std::ranges::find(ended_logins_, seat->sid) != ended_logins_.end()) end_login(seat->sid);
  });
}

void Hub::leave(SharedSeat seat) {
  control_.post([this, seat = std::move(seat)] {
    if (seats_.erase(seat) > 0) --counters_.viewers;
    for (const std::string& name : std::set<std::string>(seat->topics)) unwatch(seat, name);
  });
}

void Hub::subscribe(SharedSeat seat, std::vector<std::string> topics, std::optional<std::string> cursor) {
  control_.post([this, seat = std::move(seat), topics = std::move(topics), cursor = std::move(cursor)] {
    do_subscribe(seat, topics, cursor ? &*cursor : nullptr);
  });
}

void Hub::unsubscribe(SharedSeat seat, std::vector<std::string> topics) {
  control_.post([this, seat = std::move(seat), topics = std::move(topics)] {
    for (const std::string& name : topics) unwatch(seat, name);
    seat->loop.post([seat] {
      if (seat->viewer) seat->viewer->answer({}, {});
    });
  });
}

void Hub::watch(const SharedSeat& seat, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Topic& watched = topic(name);
    watched.seats.insert(seat);
    watched.unwatched_beats = 0;
    seat->topics.insert(name);
  }
}

void Hub::unwatch(const SharedSeat& seat, const std::string& name) {
  seat->topics.erase(name);
  if (const auto found = topics_.find(name); found != topics_.end()) found->second->seats.erase(seat);
}

void Hub::do_subscribe(const SharedSeat& seat, const std::vector<std::string>& names, const std::string* from) {
  if (!seats_.contains(seat)) return;
  flush();  // what was published before belongs to the snapshot, not after it
  watch(seat, names);
  Frames frames;
  std::vector<std::string> replaced;
  if (const auto events = from ? resumed(names, *from) : std::nullopt) {
    for (const auto& event : *events) {
      frames.push_back(event->frame ? event->frame : frame_of(delta_of(*event, cursor(event->number))));
    }
    if (frames.empty()) frames.push_back(frame_of(beat_text(cursor(number_))));
  } else {
    replaced = names;
    for (const std::string& name : names) {
      Frames parts = snapshot(topic(name), name == names.back());
      std::ranges::move(parts, std::back_inserter(frames));
    }
  }
  seat->loop.post([seat, replaced = std::move(replaced), frames = std::move(frames)] {
    if (seat->viewer) seat->viewer->answer(replaced, frames);
  });
}

std::optional<std::vector<SharedEvent>> Hub::resumed(const std::vector<std::string>& names,
                                                     const std::string& text) const {
  const auto from = parse_cursor(text);
  if (!from || from->run != run_ || from->number > number_) return std::nullopt;
  // All of a subscription resumes, or all of it starts again: one cursor stands for all its topics.
  for (const std::string& name : names) {
    if (from->number < topics_.find(name)->second->whole_from) return std::nullopt;
  }
  auto events = recent_.after(from->number, names);
  if (!events) return std::nullopt;
  std::size_t bytes = 0;
  for (const auto& event : *events) {
    for (const auto& row : event->rows) bytes += row.json->size();
  }
  return bytes > limits_.replay ? std::nullopt : std::move(events);
}

Hub::Frames Hub::snapshot(Topic& shown, bool last) {
  const std::vector<SharedRow> rows = shown.rows.rows();
  const auto runs = split(rows, limits_.part);
  const auto encoded = [&](std::size_t part, std::uint64_t number) {
    return frame_of(snapshot_text(shown.name, cursor(number), {part, runs.size()}, shown.header, runs[part - 1]));
  };
  // Many viewers come at once after a restart: they share the parts.
  if (shown.snapshot_at != number_ + 1) {
    shown.snapshot.clear();
    for (std::size_t part = 1; part < runs.size(); ++part) shown.snapshot.push_back(encoded(part, 0));
    shown.snapshot_at = number_ + 1;
  }
  Frames frames = shown.snapshot;
  frames.push_back(encoded(runs.size(), last ? number_ : 0));
  return frames;
}

void Hub::beat() {
  control_.after(limits_.beat, [this] { beat(); });
  flush();
  forget_unwatched();
  const auto frame = frame_of(beat_text(cursor(number_)));
  std::map<domain::Executor*, std::vector<SharedSeat>> loops;
  for (const auto& seat : seats_) loops[&seat->loop].push_back(seat);
  for (auto& [loop, seats] : loops) {
    loop->post([frame, seats = std::move(seats)] {
      for (const auto& seat : seats) {
        if (seat->viewer) seat->viewer->beat(frame);
      }
    });
  }
}

void Hub::forget_unwatched() {
  std::erase_if(topics_, [this](const auto& entry) {
    Topic& idle = *entry.second;
    if (!is_host_topic(entry.first) || !idle.seats.empty()) return false;
    return ++idle.unwatched_beats > limits_.forget_after;
  });
}

void Hub::on_login_ended(const domain::Digest& sid) {
  control_.post([this, sid] {
    ended_logins_.push_back(sid);
    if (ended_logins_.size() > kEndedLogins) ended_logins_.pop_front();
    end_login(sid);
  });
}

void Hub::end_login(const domain::Digest& sid) {
  for (const auto& seat : seats_) {
    if (seat->sid != sid) continue;
    seat->loop.post([seat] {
      if (seat->viewer) seat->viewer->end_login();
    });
  }
}

}  // namespace vedette::live
