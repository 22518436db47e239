// How far counters went, from the hours that are built and what lies under the others.
#include <algorithm>

#include "server/history/increases.h"
#include "server/history/store.h"

namespace vedette::history {

using units::Result;

Result<std::vector<domain::CounterIncreases>> Store::increases(const domain::IncreaseQuery& query) const {
  if (auto good = check_borders(query.borders); !good) return std::unexpected(std::move(good.error()));
  return read_again_if_removed([&] { return increases_once(query); });
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
      while_wanted({[&](const Rows& rows, std::int64_t from, std::int64_t to) -> Result<void> {
                      builder.feed(rows, from, to);
                      return {};
                    },
                    [&](const TierRows& rows) -> Result<void> {
                      builder.feed(rows);
                      return {};
                    }},
                   query.gone);
  if (auto done = tier_reader_.read(read, sink); !done) return std::unexpected(std::move(done.error()));
  return std::move(builder).finish();
}

}  // namespace vedette::history
