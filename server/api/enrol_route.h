// POST /api/v1/agent/enroll: an enrolment token for a host's identity and key. 429 with Retry-After for who tried too
// many bad tokens.
#pragma once

#include "server/api/router.h"
#include "server/domain/access.h"

namespace vedette::api {

void add_enrol_route(Router& router, domain::Enrolment& enrolment);

}  // namespace vedette::api
