// Ticks that the collector hasn't acked, by stream, in memory and bounded: the oldest are dropped first, and counted.
// Young ticks are kept as rows; from 60 on they are packed with schema/chunk. One owner thread; no clock, no I/O (what
// is kept across restarts comes behind the same interface).
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/quantities.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"

namespace vedette::spool {

using wire::StreamId;
using wire::TickNumber;
using wire::TickRow;

struct SpoolLimits {
  units::Bytes bytes = units::mib(8);              ///< rows and packed blocks together
  units::Milliseconds age = std::chrono::days{1};  ///< behind the newest tick
};

/// Consecutive ticks of one stream, their times in the collector's clock as far as it is known.
struct Batch {
  TickNumber first = 0;
  std::vector<TickRow> rows;
};

class Spool {
 public:
  /// `first` is the stream of the ticks taken before any connection.
  Spool(StreamId first, SpoolLimits limits);

  /// Keeps a tick (host's time) at the end of the newest stream. `reals`: see wire::TickEncoder::encode.
  TickNumber add(TickRow row, const std::vector<bool>& reals);

  /// A connection begins: ticks from now on belong to `stream`, if it is confirmed.
  void begin(StreamId stream);
  /// The collector's Welcome for the newest stream: its ticks, and all of earlier streams that never had an offset,
  /// are `offset` from the host's time.
  void confirm(units::Milliseconds offset);
  /// The connection ended before its Welcome: its ticks go to the end of the stream before, as if it had never begun.
  void withdraw();

  /// Streams with ticks, oldest first; the newest stream too if it has any.
  [[nodiscard]] std::vector<wire::OpenStream> open() const;

  /// Up to `most` ticks from number `from` on; those that were dropped are passed over. Nothing if there is none.
  [[nodiscard]] std::optional<Batch> read(StreamId stream, TickNumber from, std::size_t most) const;

  /// Everything up to `last` is durable at the collector.
  void release(StreamId stream, TickNumber last);
  /// Gives up the ticks first..last, which the collector can't take, with whatever is older in that stream.
  void set_aside(StreamId stream, TickNumber last);

  [[nodiscard]] units::Bytes size() const noexcept { return units::Bytes(bytes_); }
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }      ///< ticks lost to the limits
  [[nodiscard]] std::uint64_t put_aside() const noexcept { return put_aside_; }  ///< ticks given up

  static constexpr std::size_t kBlockTicks = 60;

 private:
  struct Block {
    TickNumber first;
    std::size_t count;
    std::int64_t newest_ms;
    std::string packed;
  };
  struct Stream {
    StreamId id = 0;
    std::optional<units::Milliseconds> offset;
    TickNumber next = 1;      ///< number of the next tick
    TickNumber released = 0;  ///< everything up to this is gone
    std::deque<Block> blocks;
    std::deque<TickRow> rows;  ///< the newest, numbered next − rows.size() … next − 1
    std::vector<bool> reals;
    [[nodiscard]] TickNumber first_row() const noexcept { return next - rows.size(); }
    [[nodiscard]] TickNumber last() const noexcept { return next - 1; }
    [[nodiscard]] TickNumber first() const noexcept { return released + 1; }
  };

  Stream* find(StreamId id) noexcept;
  [[nodiscard]] const Stream* find(StreamId id) const noexcept;
  void append(Stream& stream, TickRow row);
  void pack(Stream& stream);
  void forget(Stream& stream, TickNumber last);
  void forget_empty();
  void keep_limits();
  void drop_oldest();
  [[nodiscard]] static std::size_t weight(const TickRow& row) noexcept;

  SpoolLimits limits_;
  std::deque<Stream> streams_;  ///< oldest first; never empty
  bool tentative_ = false;      ///< the newest stream awaits its Welcome
  std::size_t bytes_ = 0;
  std::int64_t newest_ms_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t put_aside_ = 0;
};

}  // namespace vedette::spool
