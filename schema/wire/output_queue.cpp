#include "schema/wire/output_queue.h"

#include <algorithm>
#include <utility>

namespace vedette::wire {
namespace {

constexpr std::size_t kLarge = 16 * 1024;  ///< from here on copying costs more than another write

std::span<const std::uint8_t> as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

void OutputQueue::add(Item item) {
  if (item.text().empty()) return;
  bytes_ += item.text().size();
  items_.push_back(std::move(item));
}

void OutputQueue::push(std::string frame) {
  add({nullptr, std::move(frame), false});
}

void OutputQueue::push(std::shared_ptr<const std::string> frame) {
  add({std::move(frame), {}, false});
}

void OutputQueue::push_pong(std::string frame, bool replace) {
  const std::size_t waiting = items_.size() - head_;
  if (replace && waiting > (front_given_ ? 1U : 0U) && items_.back().pong) {
    bytes_ -= items_.back().own.size();
    items_.pop_back();
  }
  add({nullptr, std::move(frame), true});
}

std::span<const std::uint8_t> OutputQueue::output() {
  if (!gathered_.empty()) return as_bytes(std::string_view(gathered_).substr(gathered_written_));
  if (head_ == items_.size()) return {};
  const std::string_view front = std::string_view(items_[head_].text()).substr(offset_);
  if (offset_ > 0 || front.size() >= kLarge || items_.size() - head_ == 1) {
    front_given_ = true;
    return as_bytes(front.substr(0, kWrite));
  }
  gather();
  return as_bytes(gathered_);
}

void OutputQueue::gather() {
  while (head_ < items_.size()) {
    const std::string& text = items_[head_].text();
    if (gathered_frames_ > 0 && gathered_.size() + text.size() > kWrite) break;
    gathered_ += text;
    ++gathered_frames_;
    drop_front();
  }
}

void OutputQueue::consume(std::size_t n) {
  bytes_ -= n;
  if (!gathered_.empty()) {
    gathered_written_ += n;
    if (gathered_written_ < gathered_.size()) return;
    std::string().swap(gathered_);  // gives the memory back: most sessions are idle most of the time
    gathered_written_ = 0;
    gathered_frames_ = 0;
    return;
  }
  if (n == 0) return;
  offset_ += n;
  if (offset_ == items_[head_].text().size()) drop_front();
}

void OutputQueue::drop_front() {
  items_[head_++] = Item{};
  offset_ = 0;
  front_given_ = false;
  if (head_ == items_.size()) {
    std::vector<Item>().swap(items_);
    head_ = 0;
  } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

}  // namespace vedette::wire
