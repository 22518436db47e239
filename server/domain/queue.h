// The bounded queue with which threads hand things to each other. What happens when it is full is the sender's choice
// by name (reject or drop the oldest), and whatever was not taken or thrown out is counted.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace vedette::domain {

enum class Overflow : std::uint8_t {
  reject,       ///< push() returns false; the sender keeps the item and tries again later, or says no to its own sender
  drop_oldest,  ///< push() makes room by dropping the item that waited longest, and returns true
  block,        ///< push() waits for room
};

/// First in, first out. push() and the counters: any thread. Any number of threads may pop.
///
/// Every item weighs something (1 unless told, or its bytes); the sum is bounded. One item heavier than the whole
/// capacity is taken when the queue is empty, so that it can't wait for ever.
template <class Item>
class BoundedQueue {
 public:
  BoundedQueue(std::size_t capacity, Overflow overflow) : capacity_(capacity), overflow_(overflow) {}
  BoundedQueue(const BoundedQueue&) = delete;
  BoundedQueue& operator=(const BoundedQueue&) = delete;

  /// False when full (`reject`) or closed; then `item` was not moved from.
  [[nodiscard]] bool push(Item&& item, std::size_t weight = 1) {
    std::unique_lock lock(mutex_);
    if (!make_room(lock, weight)) {
      ++refused_;
      return false;
    }
    weight_ += weight;
    items_.emplace_back(std::move(item), weight);
    lock.unlock();
    filled_.notify_one();
    return true;
  }

  /// Waits until an item is there; nothing once the queue is closed and empty.
  [[nodiscard]] std::optional<Item> pop() {
    std::unique_lock lock(mutex_);
    filled_.wait(lock, [this] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  /// As pop(), but nothing also when `wait` passes without an item.
  [[nodiscard]] std::optional<Item> pop_for(std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, wait, [this] { return closed_ || !items_.empty(); });
    return take(lock);
  }

  /// No more pushes; what waits can still be popped. Wakes everyone.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    emptied_.notify_all();
  }

  [[nodiscard]] bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }
  /// Pushes answered with false since the start.
  [[nodiscard]] std::uint64_t refused() const {
    const std::lock_guard lock(mutex_);
    return refused_;
  }
  /// Items thrown out for newer ones since the start.
  [[nodiscard]] std::uint64_t dropped() const {
    const std::lock_guard lock(mutex_);
    return dropped_;
  }

 private:
  [[nodiscard]] bool fits(std::size_t weight) const { return items_.empty() || weight_ + weight <= capacity_; }

  bool make_room(std::unique_lock<std::mutex>& lock, std::size_t weight) {
    if (overflow_ == Overflow::block) emptied_.wait(lock, [&] { return closed_ || fits(weight); });
    if (closed_) return false;
    while (overflow_ == Overflow::drop_oldest && !fits(weight)) {
      weight_ -= items_.front().second;
      items_.pop_front();
      ++dropped_;
    }
    return fits(weight);
  }

  std::optional<Item> take(std::unique_lock<std::mutex>& lock) {
    if (items_.empty()) return std::nullopt;
    std::optional<Item> item(std::move(items_.front().first));
    weight_ -= items_.front().second;
    items_.pop_front();
    lock.unlock();
    emptied_.notify_all();
    return item;
  }

  const std::size_t capacity_;
  const Overflow overflow_;
  mutable std::mutex mutex_;
  std::condition_variable filled_, emptied_;
  std::deque<std::pair<Item, std::size_t>> items_;
  std::size_t weight_ = 0;
  std::uint64_t refused_ = 0, dropped_ = 0;
  bool closed_ = false;
};

}  // namespace vedette::domain
