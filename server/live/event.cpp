#include "server/live/event.h"

#include <algorithm>
#include <utility>

namespace vedette::live {

std::size_t RecentEvents::weight(const Event& event) {
  std::size_t bytes = sizeof(Event) + event.topic.size() + (event.header ? event.header->size() : 0);
  for (const auto& row : event.rows) bytes += sizeof(row) + row.key.size() + row.json->size();
  return bytes + (event.frame ? event.frame->plain.size() + event.frame->deflated.size() : 0);
}

void RecentEvents::push(SharedEvent event) {
  bytes_ += weight(*event);
  events_.push_back(std::move(event));
  while (bytes_ > most_bytes_) {
    gone_ = events_.front()->number;
    bytes_ -= weight(*events_.front());
    events_.pop_front();
  }
}

std::optional<std::vector<SharedEvent>> RecentEvents::after(std::uint64_t number,
                                                            const std::vector<std::string>& topics) const {
  if (number == 0 || number < gone_) return std::nullopt;
  std::vector<SharedEvent> found;
  const auto first = std::ranges::upper_bound(events_, number, {}, [](const SharedEvent& e) { return e->number; });
  for (auto it = first; it != events_.end(); ++it) {
    if (std::ranges::find(topics, (*it)->topic) != topics.end()) found.push_back(*it);
  }
  return found;
}

}  // namespace vedette::live
