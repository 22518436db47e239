// GET /api/v1/hosts/{id}/traffic: bytes in and out of each interface, per calendar or billing month.
#pragma once

#include <chrono>
#include <vector>

#include "server/api/router.h"
#include "server/domain/clock.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

/// The beginnings (UTC) of the `count` newest months that begin on `first_day` (1 to 28, so that every month has it),
/// ascending, and the end of the last, in which `now` lies.
[[nodiscard]] std::vector<units::Instant> month_borders(std::chrono::day first_day, int count, units::Instant now);

/// The references must outlive the router. `first_day`: of a month, 1 to 28.
void add_traffic_route(Router& router, const domain::HostDirectory& directory, const domain::HistoryStore& history,
                       const domain::Clock& clock, std::chrono::day first_day);

}  // namespace vedette::api
