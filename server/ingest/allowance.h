// How much one agent may send: a bucket of messages, one of bytes and one of cells. Spent means we read no further
// until it has refilled; nothing is thrown away and nobody is closed for it.
#pragma once

#include <algorithm>

#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::ingest {

/// A second; twice that at once.
struct Rates {
  double messages = 500;
  double bytes = 2.0 * 1024 * 1024;
};

class Allowance {
 public:
  /// A second, and no more at once: ten full backfills, as fast as an agent sends them. A kilobyte of a chunk may stand
  /// for a hundred thousand cells, so bytes alone bound neither memory nor work.
  static constexpr double kCells = 10.0 * wire::kMaxBatchCells;

  explicit Allowance(units::Steady now = {}, Rates rates = {})
      : rates_(rates), at_(now), messages_(2 * rates.messages), bytes_(2 * rates.bytes) {}
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
  // Which, as of the last call.
  [[nodiscard]] bool messages_spent() const { return messages_ < 0; }
  [[nodiscard]] bool bytes_spent() const { return bytes_ < 0; }

 private:
  void refill(units::Steady now) {
    const double seconds = std::max(0.0, std::chrono::duration<double>(now - at_).count());
    at_ = now;
    messages_ = std::min(2 * rates_.messages, messages_ + seconds * rates_.messages);
    bytes_ = std::min(2 * rates_.bytes, bytes_ + seconds * rates_.bytes);
    cells_ = std::min(kCells, cells_ + seconds * kCells);
  }

  Rates rates_;
  units::Steady at_;
  double messages_, bytes_, cells_ = kCells;
};

}  // namespace vedette::ingest
