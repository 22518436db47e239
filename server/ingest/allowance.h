// How much one agent may send: a bucket of messages, one of bytes and one of cells. Spent means we read no further
// until it has refilled; nothing is thrown away and nobody is closed for it.
#pragma once

#include <algorithm>

#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::ingest {

class Allowance {
 public:
  static constexpr double kMessages = 500, kBytes = 2.0 * 1024 * 1024;  ///< a second; twice that at once
  /// A second, and no more at once: ten full backfills, as fast as an agent sends them. A kilobyte of a chunk may stand
  /// for a hundred thousand cells, so bytes alone bound neither memory nor work.
  static constexpr double kCells = 10.0 * wire::kMaxBatchCells;

  explicit Allowance(units::Steady now = {}) : at_(now) {}
  void spend(std::size_t bytes, units::Steady now) {
    refill(now);
    messages_ -= 1;
    bytes_ -= static_cast<double>(bytes);
  }
  void spend_cells(std::size_t cells, units::Steady now) {
    refill(now);
    cells_ -= static_cast<double>(cells);
  }
  [[nodiscard]] bool spent(units::Steady now) {
    refill(now);
    return messages_ < 0 || bytes_ < 0 || cells_ < 0;
  }

 private:
  void refill(units::Steady now) {
    const double seconds = std::max(0.0, std::chrono::duration<double>(now - at_).count());
    at_ = now;
    messages_ = std::min(2 * kMessages, messages_ + seconds * kMessages);
    bytes_ = std::min(2 * kBytes, bytes_ + seconds * kBytes);
    cells_ = std::min(kCells, cells_ + seconds * kCells);
  }

  units::Steady at_;
  double messages_ = 2 * kMessages, bytes_ = 2 * kBytes, cells_ = kCells;
};

}  // namespace vedette::ingest
