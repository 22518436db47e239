// Ticks that the collector hasn't acked, by stream and bounded: the oldest are dropped first, and counted.
//
// While Acks come, ticks are in memory only. Once none has come for `kWriteAfter`, or there is no connection, each tick
// is written to the journal as it is taken, if there is one; the newest stay in memory as well. What can't be written
// stays in memory: as rows, packed with schema/chunk from 60 on. One owner thread; no clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agent/spool/batch.h"
#include "agent/spool/journal.h"
#include "schema/units/quantities.h"
#include "schema/units/time.h"

namespace vedette::spool {

/// Of what is in memory; the journal has its own.
struct SpoolLimits {
  units::Bytes bytes = units::mib(8);              ///< rows and packed blocks together
  units::Milliseconds age = std::chrono::days{1};  ///< behind the newest tick
};

class Spool {
 public:
  /// `first` is the stream of the ticks taken before any connection. What earlier runs left in `journal`, which
  /// outlives this, comes before it. Without a journal everything is in memory.
  Spool(StreamId first, SpoolLimits limits, Journal* journal = nullptr);

  /// Keeps a tick (host's time) at the end of the newest stream. `reals`: see wire::TickEncoder::encode.
  TickNumber add(TickRow row, const std::vector<bool>& reals);

  /// A connection begins: ticks from now on belong to `stream`, if it is confirmed.
  void begin(StreamId stream);
  /// The collector's Welcome for the newest stream: its ticks, and all of earlier streams that never had an offset,
  /// are `offset` from the host's time.
  void confirm(units::Milliseconds offset);
  /// The connection ended before its Welcome: its ticks go to the end of the stream before, as if it had never begun.
  void withdraw();

  /// Whether there is a connection that was welcomed. At its end everything that isn't acked is written.
  void set_connected(bool connected);
  /// Writes what isn't acked, as far as that can be: the process is about to end. An open connection's attempt counts
  /// as withdrawn.
  void keep();

  /// Streams with ticks, oldest first; the newest stream too if it has any.
  [[nodiscard]] std::vector<wire::OpenStream> open() const;

  /// Up to `most` ticks from number `from` on, in the collector's time as far as it is known; those that were dropped
  /// are passed over. Nothing if there is none, or it can't be read now.
  [[nodiscard]] std::optional<Batch> read(StreamId stream, TickNumber from, std::size_t most) const;

  /// Everything up to `last` is durable at the collector.
  void release(StreamId stream, TickNumber last);
  /// Gives up the ticks first..last, which the collector can't take, with whatever is older in that stream.
  void set_aside(StreamId stream, TickNumber last);

  [[nodiscard]] units::Bytes size() const noexcept { return units::Bytes(bytes_); }  ///< in memory
  /// What is kept for later: on disk, and in memory for want of one. 0 while Acks come.
  [[nodiscard]] units::Bytes kept() const noexcept;
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }      ///< ticks lost to limits and damage
  [[nodiscard]] std::uint64_t put_aside() const noexcept { return put_aside_; }  ///< ticks given up

  static constexpr std::size_t kBlockTicks = 60;
  /// A tick that waits longer for its Ack is written. Acks come every 5 s.
  static constexpr units::Milliseconds kWriteAfter{10'000};

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
    TickNumber next = 1;       ///< number of the next tick
    TickNumber released = 0;   ///< everything up to this is gone
    TickNumber written = 0;    ///< everything after `released` up to this is the journal's
    std::deque<Block> blocks;  ///< after `written`
    std::deque<TickRow> rows;  ///< the newest, written or not, numbered next − rows.size() … next − 1
    std::vector<bool> reals;
    std::optional<units::Milliseconds> shift{};  ///< of an earlier run's stream: its host time to ours
    [[nodiscard]] TickNumber first_row() const noexcept { return next - rows.size(); }
    [[nodiscard]] TickNumber last() const noexcept { return next - 1; }
    [[nodiscard]] TickNumber first() const noexcept { return released + 1; }
    [[nodiscard]] std::size_t unwritten() const noexcept {
      return last() <= written ? 0 : std::min<std::size_t>(rows.size(), last() - written);
    }
  };

  Stream* find(StreamId id) noexcept;
  [[nodiscard]] const Stream* find(StreamId id) const noexcept;
  void append(Stream& stream, TickRow row);
  [[nodiscard]] bool overdue() const noexcept;
  [[nodiscard]] bool journal_ready();
  void take_up(const std::vector<Journal::Found>& found);
  bool write_out();
  bool write_out(Stream& stream);
  bool write_block(Stream& stream);
  void shed_written(Stream& stream, std::size_t keep);
  void pack_if_many(Stream& stream);
  void pack(Stream& stream);
  [[nodiscard]] std::optional<Batch> read_memory(const Stream& stream, TickNumber from, std::size_t most) const;
  void forget(Stream& stream, TickNumber last);
  void forget_empty();
  void keep_limits();
  void trim_journal();
  [[nodiscard]] bool drop_oldest();
  [[nodiscard]] std::optional<std::int64_t> oldest_unwritten_ms() const;
  [[nodiscard]] static std::size_t weight(const TickRow& row) noexcept;

  SpoolLimits limits_;
  Journal* journal_;
  bool connected_ = false;
  std::deque<Stream> streams_;  ///< oldest first; never empty
  bool tentative_ = false;      ///< the newest stream awaits its Welcome
  std::size_t bytes_ = 0;
  std::int64_t newest_ms_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t put_aside_ = 0;
};

}  // namespace vedette::spool
