// POST /api/v1/agent/enroll: an enrolment token for a host's identity and key. 429 with Retry-After for who tried too
// many bad tokens.
#pragma once

#include <functional>

#include "server/api/router.h"
#include "server/domain/access.h"

namespace vedette::api {

/// A body has at most `body` bytes (413).
void add_enrol_route(Router& router, domain::Enrolment& enrolment, std::size_t body = kUnprovenBody);

/// DELETE /api/v1/agent/enroll: an agent gives its key back, by that key; 204. `unenrol` finds the host and revokes it.
void add_unenrol_route(Router& router, std::function<units::Result<void>(const domain::RequestHead&)> unenrol);

}  // namespace vedette::api
