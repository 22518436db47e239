// The part of Hub that answers who subscribes or leaves: in the order in which they asked, at the end of a flush.
#include <algorithm>
#include <utility>

#include "server/live/hub.h"
#include "server/live/topic.h"

namespace vedette::live {

void Hub::ask(Request request) {
  requests_.push_back(std::move(request));
  if (ports_.clock.steady() >= next_flush()) return flush();
  schedule_flush();
}

/// What was published before belongs to the snapshots, not after them: only at the end of a flush.
void Hub::answer_requests() {
  auto requests = std::exchange(requests_, {});
  std::erase_if(requests, [this](const Request& request) { return !seats_.contains(request.seat); });
  // A fresh topic is an event of its own, which would make the snapshots between old: all are made first.
  for (Request& request : requests) {
    if (request.leaves) continue;
    request.refused = refuse(*request.seat, request.topics);
    watch(request.seat, request.topics);
  }
  for (const Request& request : requests) answer(request);
}

void Hub::answer(const Request& request) {
  const SharedSeat& seat = request.seat;
  const auto& names = request.topics;
  const auto& from = request.cursor;
  if (request.leaves) {
    for (const std::string& name : names) unwatch(seat, name);
    return answer_with(seat, {});
  }
  watch(seat, names);  // again: one that was answered just now may have been taken back
  Answer answer;
  answer.cursor = cursor(number_);
  answer.refused = request.refused;
  if (names.empty()) {  // nothing but refusals
  } else if (const auto events = from ? resumed(names, *from) : std::nullopt) {
    for (const auto& event : *events) {
      const Encoded& encoded = event->encoded[static_cast<std::size_t>(seat->form)];
      const std::string at = cursor(event->number);
      answer.messages.push_back(encoded ? encoded : encode(seat->form, delta_of(*event, at), at, &deflate_));
    }
    answer.current = answer.messages.empty();
    if (answer.current) answer.messages.push_back(encode_beat(seat->form, answer.cursor, &deflate_));
  } else {
    answer.replaced = names;
    for (const std::string& name : names) {
      Messages parts = snapshot(topic(name), seat->form, name == names.back());
      std::ranges::move(parts, std::back_inserter(answer.messages));
    }
  }
  answer_with(seat, std::move(answer));
}

void Hub::answer_with(const SharedSeat& seat, Answer answer) {
  seat->loop.post([seat, answer = std::move(answer)] {
    if (seat->subscriber) seat->subscriber->answer(answer);
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

Hub::Messages Hub::snapshot(Topic& shown, Form form, bool last) {
  const std::vector<SharedRow> rows = shown.rows.rows();
  const auto runs = split(rows, limits_.part);
  const auto encoded = [&](std::size_t part, std::uint64_t number) {
    const std::string at = cursor(number);
    return encode(form, snapshot_text(shown.name, at, {part, runs.size()}, shown.header, runs[part - 1]), at,
                  &deflate_);
  };
  // Many viewers come at once after a restart: they share the parts.
  if (shown.snapshot_at != number_ + 1) {
    shown.snapshot = {};
    shown.snapshot_at = number_ + 1;
  }
  auto& [parts, middle, end] = shown.snapshot[static_cast<std::size_t>(form)];
  while (parts.size() + 1 < runs.size()) parts.push_back(encoded(parts.size() + 1, 0));
  Encoded& final = last ? end : middle;
  if (!final) final = encoded(runs.size(), last ? number_ : 0);
  Messages messages = parts;
  messages.push_back(final);
  return messages;
}

}  // namespace vedette::live
