#include "agent/watch/outbox.h"

#include <algorithm>

namespace vedette::watch {

void Outbox::add(Happening happening) {
  if (std::ranges::find(waiting_, happening.id, &Happening::id) != waiting_.end()) return;
  if (waiting_.size() >= most_) {
    waiting_.pop_front();
    ++dropped_;
  }
  waiting_.push_back(std::move(happening));
}

void Outbox::acked(std::span<const std::uint64_t> ids) {
  std::erase_if(waiting_, [&](const Happening& one) { return std::ranges::find(ids, one.id) != ids.end(); });
}

}  // namespace vedette::watch
