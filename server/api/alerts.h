// GET /api/v1/alerts: what is pending or firing, and what was resolved lately.
#pragma once

#include "server/api/router.h"
#include "server/domain/control_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

inline constexpr std::size_t kResolvedShown = 200;  ///< newest first

/// The references must outlive the router.
void add_alert_routes(Router& router, domain::AlertRecords& alerts, const domain::HostDirectory& hosts);

}  // namespace vedette::api
