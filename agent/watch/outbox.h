// Happenings that the collector hasn't acked, oldest first, in memory and bounded. One owner thread.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "agent/watch/happening.h"

namespace vedette::watch {

class Outbox {
 public:
  explicit Outbox(std::size_t most = 200) : most_(most) {}

  /// One that is here already stays as it is. When it is full the oldest goes.
  void add(Happening happening);
  [[nodiscard]] const std::deque<Happening>& waiting() const noexcept { return waiting_; }
  /// The collector has these.
  void acked(std::span<const std::uint64_t> ids);
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }  ///< for want of room

 private:
  std::size_t most_;
  std::deque<Happening> waiting_;
  std::uint64_t dropped_ = 0;
};

}  // namespace vedette::watch
