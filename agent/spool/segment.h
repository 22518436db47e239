// One file of the spool: ticks of one run of the agent in the order they were taken, with all that is needed to send
// them by another run, after a reboot too. Pure: bytes in, bytes out. docs/spool-format.md has the grammar.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/spool/batch.h"
#include "schema/metrics/series.h"
#include "schema/units/result.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"

namespace vedette::spool {

/// Who took the ticks.
struct Origin {
  wire::Id128 host{};  ///< the identity they were taken under
  wire::Id128 boot{}, run{};
  /// The host's time minus CLOCK_BOOTTIME, as ticks of the run have it: tells two runs of one boot how their times
  /// differ.
  units::Milliseconds clock_base{0};
  bool operator==(const Origin&) const = default;
};

inline constexpr std::uint8_t kSegmentVersion = 1;

/// Makes what is to be appended. One file's; if an append failed, the file gets no more.
class SegmentWriter {
 public:
  explicit SegmentWriter(const Origin& origin) : origin_(origin) {}

  /// `series` are all of the run by now, and may grow between calls; `offset` is the stream's, as far as it is known.
  [[nodiscard]] std::string tick(StreamId stream, std::optional<units::Milliseconds> offset, TickNumber number,
                                 const TickRow& row, std::span<const metrics::Series> series);

  /// Each such tick stands alone; those after it build on it. So much is lost to damage beside what is damaged.
  static constexpr int kFullEvery = 20;

 private:
  void put_head(std::string& out, std::span<const metrics::Series> series);

  Origin origin_;
  wire::TickEncoder encoder_;
  std::vector<bool> reals_;  ///< of the series written
  bool begun_ = false;
  StreamId stream_ = 0;
  TickNumber last_ = 0;
  int since_full_ = 0;
  std::vector<StreamId> offsets_told_;
};

/// Notes that may be appended to any segment that holds ticks of the stream, also by later runs.
[[nodiscard]] std::string offset_note(StreamId stream, units::Milliseconds offset);
[[nodiscard]] std::string released_note(StreamId stream, TickNumber last);

/// What a segment holds of one stream: ticks first..last, with holes where it is damaged, or where Acks came before
/// ticks had to be written.
struct Span {
  StreamId stream = 0;
  TickNumber first = 0, last = 0;
  std::optional<units::Milliseconds> offset{};
};

/// A place to begin reading ticks at.
struct Mark {
  std::size_t at = 0;
  StreamId stream = 0;
  TickNumber number = 0;
};

struct Contents {
  Origin origin;
  std::vector<metrics::Series> series;        ///< by number; those whose record is damaged have no name
  std::vector<Span> spans;                    ///< what isn't released, in the order of the streams' first ticks
  std::vector<Mark> marks;                    ///< ascending by place
  std::int64_t oldest_ms = 0, newest_ms = 0;  ///< host's time, of full ticks
  std::size_t damaged = 0;                    ///< bytes that can't be read
  TickNumber ticks = 0, lost = 0;             ///< that can be read and aren't released; between them, to damage
};

/// `corrupt` if nothing tells whose ticks they are, `version` if another version of the agent wrote it.
[[nodiscard]] units::Result<Contents> read_segment(std::span<const std::uint8_t> bytes);

/// Consecutive ticks of a stream (host's time) from the first readable one on that isn't before `from`, at most `most`.
/// Nothing if there is none. `contents` is what read_segment gave for these bytes, or for their beginning.
[[nodiscard]] std::optional<Batch> read_ticks(std::span<const std::uint8_t> bytes, const Contents& contents,
                                              StreamId stream, TickNumber from, std::size_t most);

}  // namespace vedette::spool
