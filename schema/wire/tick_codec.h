// Live ticks: varint deltas of the cells that changed since the tick before; a full tick at the start and every 60th.
// Encoder and decoder are one connection's, in order. docs/wire-protocol.md has the grammar and an example.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schema/metrics/series.h"
#include "schema/units/bytes.h"
#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::wire {

/// Cells by announced number; numbers past the end are absent.
struct TickRow {
  units::Instant at{};
  std::vector<metrics::Cell> cells;
  bool operator==(const TickRow&) const = default;
};

inline constexpr int kFullTickEvery = 60;

/// What encoder and decoder remember of the tick before. Absent cells have bits 0.
struct TickState {
  units::Instant at{};
  std::int64_t interval = 0;  ///< ms between the last two ticks; 0 after a full tick
  std::vector<metrics::Cell> cells;
  std::vector<bool> real;
};

class TickEncoder {
 public:
  /// `reals[n]` tells whether series n holds doubles; it may grow between calls, never change.
  [[nodiscard]] std::string encode(const TickRow& row, const std::vector<bool>& reals);
  /// The next tick is a full one (a new connection).
  void reset() noexcept { since_full_ = -1; }

 private:
  TickState state_;
  int since_full_ = -1;  ///< ticks since the last full one; −1: none yet
};

class TickDecoder {
 public:
  /// `series` is how many numbers were announced so far; more cells than that are `invalid`. A delta without a full
  /// tick before it, or a time outside the years 1970 to 9999, is `invalid`. After an error the decoder can't be used
  /// again.
  [[nodiscard]] units::Result<TickRow> decode(std::span<const std::uint8_t> bytes, std::size_t series);

 private:
  units::Result<void> read_layout(units::ByteReader& in, bool reals, std::size_t series);
  units::Result<void> read_values(units::ByteReader& in);

  TickState state_;
  bool has_full_ = false;
  bool failed_ = false;
};

}  // namespace vedette::wire
