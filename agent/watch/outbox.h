// What the collector hasn't acked, oldest first, in memory and bounded. One owner thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <span>
#include <utility>

namespace vedette::watch {

/// `Item` has an `id`: the same for the same thing.
template <class Item>
class Outbox {
 public:
  explicit Outbox(std::size_t most) : most_(most) {}

  /// One that is here already stays as it is. When it is full the oldest goes.
  void add(Item item) {
    if (std::ranges::find(waiting_, item.id, &Item::id) != waiting_.end()) return;
    if (waiting_.size() >= most_) {
      waiting_.pop_front();
      ++dropped_;
    }
    waiting_.push_back(std::move(item));
  }
  [[nodiscard]] const std::deque<Item>& waiting() const noexcept { return waiting_; }
  /// The collector has these.
  void acked(std::span<const std::uint64_t> ids) {
    std::erase_if(waiting_, [&](const Item& one) { return std::ranges::find(ids, one.id) != ids.end(); });
  }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }  ///< for want of room

 private:
  std::size_t most_;
  std::deque<Item> waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace vedette::watch
