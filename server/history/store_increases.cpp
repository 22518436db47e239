// How far counters went, from the hours that are built and what lies under the others.
#include <algorithm>

#include "server/history/increases.h"
#include "server/history/store.h"

namespace vedette::history {

using units::ErrorCode;
using units::Result;

// Nobody waits for an answer once queries are interrupted.
TierReader::Sink Store::while_running(TierReader::Sink sink) const {
  const auto running = [this]() -> Result<void> {
    if (interrupted_) return units::fail(ErrorCode::unavailable, "the store is stopping");
    return {};
  };
  return {[running, ticks = std::move(sink.ticks)](const Rows& rows, std::int64_t from, std::int64_t to) {
            auto on = running();
            return on ? ticks(rows, from, to) : on;
          },
          [running, take = std::move(sink.rows)](const TierRows& rows) {
            auto on = running();
            return on ? take(rows) : on;
          }};
}

Summarizer::Earlier Store::earlier_of(domain::HostNumber host) const {
  return [this, host](std::int64_t time, std::span<const std::uint32_t> series) {
    return reader_.newest_samples(host, slot_of(units::from_unix_ms(time)), kSeriesLookBack, series);
  };
}

Result<std::vector<domain::CounterIncreases>> Store::increases(const domain::IncreaseQuery& query) const {
  if (auto good = check_borders(query.borders); !good) return std::unexpected(std::move(good.error()));
  // As in query().
  for (int attempt = 0;; ++attempt) {
    const std::uint64_t removals = files_.removals();
    auto found = increases_once(query);
    if (attempt > 0 || files_.removals() == removals) return found;
  }
}

Result<std::vector<domain::CounterIncreases>> Store::increases_once(const domain::IncreaseQuery& query) const {
  const auto stored = registry_.series(query.host);
  IncreaseBuilder builder(query, stored, earlier_of(query.host));
  if (builder.wanted().empty()) return std::vector<domain::CounterIncreases>{};
  const TierReader::Query read{.host = query.host,
                               .from = units::unix_ms(std::clamp(query.borders.front(), kFirstInstant, kEndInstant)),
                               .to = units::unix_ms(std::clamp(query.borders.back(), kFirstInstant, kEndInstant)) - 1,
                               .tier = Tier::hour,
                               .wanted = builder.wanted(),
                               .sources = builder.sources(),
                               .look_back = kLookBack,
                               .until = clock_.steady() + kLongestQuery};
  const TierReader::Sink sink =
      while_running({[&](const Rows& rows, std::int64_t from, std::int64_t to) -> Result<void> {
                       builder.feed(rows, from, to);
                       return {};
                     },
                     [&](const TierRows& rows) -> Result<void> {
                       builder.feed(rows);
                       return {};
                     }});
  if (auto done = tier_reader_.read(read, sink); !done) return std::unexpected(std::move(done.error()));
  return std::move(builder).finish();
}

}  // namespace vedette::history
