// POST, GET, DELETE /api/v1/session: signing in, who is signed in, signing out.
#pragma once

#include "server/api/router.h"
#include "server/domain/access.h"
#include "server/domain/login_cookie.h"

namespace vedette::api {

/// The references must outlive the router. A body has at most `body` bytes (413).
void add_session_routes(Router& router, domain::Logins& logins, domain::Gatekeeper& gatekeeper,
                        std::size_t body = kUnprovenBody, const domain::LoginCookie& cookie = {});

/// 401 that carries "setup", the command that makes the first administrator, if it isn't empty.
[[nodiscard]] domain::Response no_login(const std::string& detail, const std::string& setup);

}  // namespace vedette::api
