// GET /api/v1/hosts (without revoked ones), hosts/{id}, hosts/{id}/series, hosts/{id}/outages, hosts/{id}/happenings.
#pragma once

#include "server/api/router.h"
#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/history_store.h"
#include "server/domain/observer.h"

namespace vedette::api {

/// The references must outlive the router.
struct HostSources {
  const domain::HostDirectory& directory;
  domain::HostRecords& records;
  const domain::HistoryStore& history;
  const domain::Clock& clock;
};

void add_host_routes(Router& router, HostSources sources);

/// DELETE /api/v1/hosts/{id}. The references must outlive the router.
void add_host_removal_route(Router& router, const domain::HostDirectory& directory, domain::HostRemover& remover);

/// The host that a request names by its 32 hex digits: `invalid` if they aren't, `not_found` if there is none. A
/// revoked host is found: its history stays.
[[nodiscard]] units::Result<domain::HostView> find_host(const domain::HostDirectory& directory, std::string_view id);

}  // namespace vedette::api
