// POST /api/v1/agent/enroll: an enrolment token for a host's identity and key. 429 with Retry-After for who tried too
// many bad tokens.
#pragma once

#include "server/api/router.h"
#include "server/domain/access.h"

namespace vedette::api {

/// A body has at most `body` bytes (413).
void add_enrol_route(Router& router, domain::Enrolment& enrolment, std::size_t body = kUnprovenBody);

}  // namespace vedette::api
