// Hands one notification to a program over HTTP.
#pragma once

#include <stop_token>
#include <string>

#include "schema/units/result.h"
#include "server/notify/receiver.h"

namespace vedette::notify {

/// POSTs `body` as application/json; blocks as send_mail() does. Only 2xx counts; redirects aren't followed, because
/// they would take the words elsewhere. The answer is "200 OK" and the beginning of the body.
///
/// Errors: `unavailable` and `timeout` (away, or 429 and 5xx), `invalid` (it refuses this notification).
[[nodiscard]] units::Result<std::string> post(const Webhook& webhook, const std::string& body, std::stop_token stop);

}  // namespace vedette::notify
