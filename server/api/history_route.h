// GET /api/v1/history: samples of one host or many, raw or in steps; GET /api/v1/history/budget: what history takes and
// holds. An answer of many hosts is streamed.
#pragma once

#include "server/api/router.h"
#include "server/domain/clock.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

/// Must outlive the router.
struct HistorySources {
  const domain::HostDirectory& directory;
  const domain::HistoryStore& history;
  const domain::Clock& clock;
};

void add_history_route(Router& router, HistorySources sources);

}  // namespace vedette::api
