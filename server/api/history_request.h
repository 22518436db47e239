// The query string of GET /api/v1/history. Errors are `invalid` and name the parameter and its value.
#pragma once

#include <optional>
#include <vector>

#include "server/api/history_text.h"
#include "server/api/over_hosts.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

struct HistoryRequest {
  std::vector<domain::HostView> hosts;  ///< at least one
  bool one_host = false;                ///< asked for by its id alone: lines needn't name it
  domain::HistoryQuery query;           ///< without its host
  std::optional<Over> over{};           ///< the hosts become one line a series
  bool by_tag = false;                  ///< … a series and tag; only with `over`
  std::optional<std::size_t> top{};     ///< only so many lines, those with the greatest averages; not with `over`
  HistoryFormat format = HistoryFormat::json;
};

/// `not_found` if no host is named like that, or none has the tags.
[[nodiscard]] units::Result<HistoryRequest> parse_history_request(const domain::RequestHead& head,
                                                                  const domain::HostDirectory& directory);

/// The shortest of the steps that people count in with which [from, to] has at most `points` of them, or the longest
/// there is; all are multiples of each tier's rows that are shorter. `points` at least 1.
[[nodiscard]] units::Milliseconds step_for(units::Instant from, units::Instant to, std::size_t points);

}  // namespace vedette::api
