// Hands one mail to a server (RFC 5321, STARTTLS by RFC 3207, AUTH by RFC 4954).
#pragma once

#include <stop_token>
#include <string>

#include "schema/units/result.h"
#include "server/notify/outcome.h"
#include "server/notify/peer.h"
#include "server/notify/receiver.h"

namespace vedette::notify {

/// Blocks for at most `total` and the name look-up. The answer to the mail's end, as "250 2.0.0 OK", and which of
/// `email.to` took it; no answer if none did and at least one may later.
///
/// Errors: `unavailable`, `timeout` (the server is away or doesn't let us in: nothing else can be sent either),
/// `invalid` (it refuses this mail, or all its recipients for good).
[[nodiscard]] units::Result<Outcome> send_mail(const Email& email, const std::string& mail, std::stop_token stop,
                                               units::Milliseconds total = kTotalTime);

/// The mail as DATA carries it: lines that begin with a dot get another, and ".\r\n" ends it. Pure.
[[nodiscard]] std::string dot_stuffed(const std::string& mail);

}  // namespace vedette::notify
