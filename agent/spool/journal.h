// The spool's segments: which ticks lie in which file, when a new one is begun, which are removed. Bounded by size and
// age, oldest first. One owner thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/spool/batch.h"
#include "agent/spool/files.h"
#include "agent/spool/segment.h"
#include "schema/units/quantities.h"

namespace vedette::spool {

struct JournalLimits {
  units::Bytes bytes = units::mib(64);
  units::Milliseconds age = std::chrono::days{2};  ///< behind the newest tick
};

class Journal {
 public:
  /// All series of this run by now, by number.
  using AllSeries = std::function<std::span<const metrics::Series>()>;

  /// `files` outlives it. Nothing is touched yet.
  Journal(Files& files, JournalLimits limits, const Origin& origin, AllSeries series);

  /// A stream of an earlier run.
  struct Found {
    StreamId stream = 0;
    TickNumber first = 0, last = 0;
    std::optional<units::Milliseconds> offset{};
    units::Milliseconds shift{0};  ///< from that run's host time to ours, as far as one boot's clock tells
  };
  /// What earlier runs left, oldest first; must succeed once before anything is appended. What another identity or
  /// version left is removed, damage is passed over, and both are told in the log. Nothing if the files can't be used
  /// now (told once).
  [[nodiscard]] std::optional<std::vector<Found>> recover(std::int64_t now_ms);
  [[nodiscard]] bool recovered() const noexcept { return recovered_; }
  [[nodiscard]] TickNumber lost() const noexcept { return lost_; }  ///< ticks between whole ones, found damaged

  /// False if the tick isn't on disk: keep it. That the disk can't be written is told once, and when it can again;
  /// meanwhile it is tried every `kRetry`, by `now_ms`, the newest tick's time.
  [[nodiscard]] bool append(StreamId stream, std::optional<units::Milliseconds> offset, TickNumber number,
                            const TickRow& row, std::int64_t now_ms);

  /// As read_ticks(), of what is on disk. An error if a file can't be read now.
  [[nodiscard]] units::Result<std::optional<Batch>> read(StreamId stream, TickNumber from, std::size_t most);

  /// Everything up to `last` may go.
  void release(StreamId stream, TickNumber last);
  /// The stream's offset is known now: so that it outlives this run.
  void note_offset(StreamId stream, units::Milliseconds offset);

  /// Ticks that went with a segment: as many, up to `last`.
  struct Gone {
    StreamId stream = 0;
    TickNumber last = 0, ticks = 0;
  };
  /// Removes the oldest segments until the limits hold.
  [[nodiscard]] std::vector<Gone> trim(std::int64_t newest_ms);

  [[nodiscard]] units::Bytes size() const noexcept { return units::Bytes(bytes_); }

  static constexpr units::Milliseconds kRetry{10'000};

 private:
  struct Segment {
    FileNumber file = 0;
    std::uint64_t bytes = 0;
    Origin origin;
    std::int64_t oldest_ms = 0, newest_ms = 0;
    std::vector<Span> spans{};
  };
  /// The segment that was read last, while there is more to read.
  struct Loaded {
    FileNumber file = 0;
    std::string bytes;
    Contents contents;
    std::shared_ptr<const EarlierRun> earlier;
  };
  /// What recovery came upon, for the log.
  struct Tally {
    std::size_t segments = 0, foreign = 0, unusable = 0;
    std::size_t damaged_bytes = 0;
    TickNumber ticks = 0, lost = 0;
  };

  void take_up(FileNumber file, Tally& tally);
  void discard(FileNumber file, const std::string& why);
  [[nodiscard]] std::vector<Found> found() const;
  [[nodiscard]] units::Milliseconds shift(const Origin& from) const noexcept;
  [[nodiscard]] bool waits(std::int64_t now_ms) const noexcept;
  void failed(const units::Error& error, std::int64_t now_ms);
  void well();
  [[nodiscard]] bool head_full(std::int64_t at_ms) const noexcept;
  void begin_head(std::int64_t at_ms);
  void note(Segment& segment, const std::string& record);
  void remove(const std::deque<Segment>::const_iterator& segment);
  [[nodiscard]] units::Result<Loaded*> load(const Segment& segment);

  Files& files_;
  JournalLimits limits_;
  Origin origin_;
  AllSeries series_;
  std::uint64_t segment_bytes_;
  units::Milliseconds segment_age_;
  bool recovered_ = false;
  TickNumber lost_ = 0;
  std::deque<Segment> segments_;         ///< oldest first
  std::optional<SegmentWriter> writer_;  ///< of the last of segments_, while it may grow
  std::uint64_t table_bytes_ = 0;        ///< what that one began with
  FileNumber next_file_ = 1;
  std::uint64_t bytes_ = 0;
  std::optional<Loaded> loaded_;
  std::optional<std::int64_t> failed_ms_;  ///< when writing failed last; absent while all is well
};

}  // namespace vedette::spool
