// The collector's side of the agent protocol, without sockets, clocks or threads: messages in, validated ticks in the
// collector's own numbers out. One connection's; the stream (agent_stream.h) moves what it returns.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schema/chunk/chunk.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "server/domain/history_store.h"
#include "server/domain/host.h"
#include "server/ingest/layout.h"
#include "server/ingest/stream_times.h"

namespace vedette::ingest {

/// Why the connection is closed: the code and words that the agent's log shows.
struct Fault {
  std::uint16_t code = 0;
  std::string reason;
};
template <class T>
using Outcome = std::expected<T, Fault>;

struct IntakeLimits {
  units::Milliseconds raw_age{std::chrono::days{14}};  ///< older ticks are re-stamped
  units::Milliseconds ahead{60'000};                   ///< newer ones too: a wrong clock makes no files
  std::size_t boots = 256;                             ///< whose ticks one connection may bring
};

class Intake {
 public:
  Intake(domain::HostRecord host, domain::HistoryStore& history, IntakeLimits limits = {});

  /// Must come first and once. Version fault: 4426.
  [[nodiscard]] Outcome<wire::Welcome> hello(const wire::Hello& hello, units::Instant now);
  [[nodiscard]] Outcome<void> announce(const wire::Announce& announce);
  /// A batch to submit, already without what was accepted before; null if nothing is left. Of a backfill it may be the
  /// first part: more() brings the others, before the next message.
  [[nodiscard]] Outcome<domain::SharedBatch> tick(const wire::TickMessage& message, units::Instant now);
  [[nodiscard]] Outcome<domain::SharedBatch> backfill(const wire::Backfill& message, units::Instant now);
  /// The next part of the last backfill; null when there is none. Each takes at most 16 B × kMaxBatchCells.
  [[nodiscard]] domain::SharedBatch more();

  [[nodiscard]] bool greeted() const noexcept { return stream_ != 0; }
  [[nodiscard]] const domain::HostRecord& host() const noexcept { return host_; }
  [[nodiscard]] std::uint32_t boot() const noexcept { return boot_; }
  /// Everything that Hello listed was accepted, or the agent said that nothing else is left, and no part is left
  /// either.
  [[nodiscard]] bool backfilled() const noexcept { return missing_.empty() && !layout_; }
  /// Batches of a tick that the store has: submitted, they make it tell what is durable of the streams that Welcome
  /// said were accepted, without waiting for new ticks.
  [[nodiscard]] std::vector<domain::SharedBatch> reminders() const;
  [[nodiscard]] std::uint64_t restamped() const noexcept { return restamped_; }  ///< ticks with an impossible time

  /// The streams to acknowledge for these durable marks. What Welcome told as accepted becomes durable no later than
  /// this connection's own first ticks, because the store commits a host's batches in the order of submission.
  [[nodiscard]] std::vector<wire::Resume> acknowledge(std::vector<wire::Resume> durable);

 private:
  [[nodiscard]] Outcome<void> need_hello(std::string_view what) const;
  [[nodiscard]] Outcome<chunk::Table> decode(const wire::Backfill& message) const;
  /// Whether ticks up to `last` bring anything new; without it they count as arrived all the same.
  [[nodiscard]] bool arrived(std::uint64_t stream, std::uint64_t last);

  domain::HostRecord host_;
  domain::HistoryStore& history_;
  IntakeLimits limits_;
  StreamTimes times_;
  std::uint64_t stream_ = 0;
  std::uint32_t boot_ = 0;
  std::uint64_t last_live_ = 0;
  std::uint64_t restamped_ = 0;
  std::unordered_map<std::uint64_t, std::uint64_t> accepted_;  ///< newest tick of each stream of Hello
  std::unordered_map<std::uint64_t, std::uint64_t> missing_;   ///< last tick of each open stream that isn't whole yet
  std::vector<wire::Resume> owed_;                             ///< told by Welcome, not yet acked
  std::optional<Layout> layout_;                               ///< what is left of the last backfill
  wire::TickDecoder decoder_;
  std::vector<domain::SeriesNumber> numbers_;  ///< by the agent's number
  std::vector<metrics::SeriesKey> keys_;       ///< likewise
  std::unordered_set<std::uint32_t> used_;
  std::set<wire::Id128> boots_;  ///< that backfills named
  std::size_t width_ = 0;        ///< highest SeriesNumber + 1
};

}  // namespace vedette::ingest
