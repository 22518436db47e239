// GET /api/v1/hosts/{id}/processes: the processes that used most, as the host's agent told them.
#pragma once

#include "server/api/router.h"
#include "server/domain/clock.h"
#include "server/domain/observer.h"
#include "server/domain/process_records.h"

namespace vedette::api {

/// The references must outlive the router.
void add_processes_route(Router& router, const domain::HostDirectory& directory, const domain::ProcessRecords& records,
                         const domain::Clock& clock);

}  // namespace vedette::api
