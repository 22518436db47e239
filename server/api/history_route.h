// GET /api/v1/history: samples of one host, raw or in steps; GET /api/v1/history/budget: what history takes and holds.
#pragma once

#include "server/api/router.h"
#include "server/domain/clock.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

/// The references must outlive the router.
void add_history_route(Router& router, const domain::HostDirectory& directory, const domain::HistoryStore& history,
                       const domain::Clock& clock);

/// The query string as a query without its host; `invalid` names the parameter and its value.
[[nodiscard]] units::Result<domain::HistoryQuery> parse_history_query(const domain::RequestHead& head);

}  // namespace vedette::api
