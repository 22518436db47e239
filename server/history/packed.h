// Ticks of one host as bytes: each cell a varint of its difference to the tick before. What write-ahead rows hold, and
// what open chunks are held in (about 55 B a tick of 40 series). Any order of times; every 64-bit value exactly.
//
//   tick     = time boot count presence cell*   numbers are LEB128 varints; zigzag where a difference may fall
//   time     = zigzag ms since the tick before (the first: since the epoch)
//   boot     = zigzag difference to the tick before
//   presence = 0x00 (all cells present) | 0x01 bitmap of ⌈count / 8⌉ bytes, lowest bit first
//   cell     = zigzag difference (mod 2^64) to the last present value of that series, absent cells left out
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/bytes.h"
#include "schema/units/result.h"
#include "server/domain/tick.h"

namespace vedette::history {

using Bytes = std::span<const std::uint8_t>;

/// Writes ticks one after the other. One owner.
class TickPacker {
 public:
  /// Adds the tick to `out`. `epoch` goes above its boot (key.h).
  void append(std::string& out, const domain::Tick& tick, std::uint32_t epoch = 0);
  /// The next tick is a first one again.
  void restart() noexcept;

 private:
  std::int64_t time_ = 0;
  std::uint32_t boot_ = 0;
  std::vector<std::int64_t> last_;  ///< by series number
};

/// Grows tick by tick, in pieces: what is there is never moved, and of all open chunks' memory next to nothing is
/// spare. One owner; copies are independent.
class PackedTicks {
 public:
  void append(const domain::Tick& tick, std::uint32_t epoch = 0);  ///< as TickPacker's

  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  ///< in bytes
  /// Together the bytes; a tick lies in one piece.
  [[nodiscard]] std::span<const std::string> pieces() const noexcept { return pieces_; }

 private:
  void add(std::string_view bytes);

  std::vector<std::string> pieces_;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  TickPacker packer_;
};

/// Reads ticks back. The bytes must outlive it.
class PackedReader {
 public:
  explicit PackedReader(Bytes bytes) : in_(bytes) {}
  explicit PackedReader(const PackedTicks& ticks) : in_({}), pieces_(ticks.pieces()) {}

  /// False at the end; `corrupt` if append() can't have written this. Cells are bounded by `kMaxCells`.
  [[nodiscard]] units::Result<bool> next();
  /// The tick that next() found; overwritten by the next one.
  [[nodiscard]] const domain::Tick& tick() const noexcept { return tick_; }

 private:
  [[nodiscard]] bool read_presence(std::size_t count);

  units::ByteReader in_;
  std::span<const std::string> pieces_;  ///< after in_
  std::vector<std::int64_t> last_;
  domain::Tick tick_;
};

/// More cells than any host may have (server/history/key.h: groups × width).
inline constexpr std::size_t kMaxCells = 65'536;

}  // namespace vedette::history
