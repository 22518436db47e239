// What a notification says: subject and text for people, JSON for programs. Pure.
#pragma once

#include <string>

#include "server/domain/control_store.h"
#include "server/notify/receiver.h"

namespace vedette::notify {

/// "[firing] web-07 lost: connection ended without goodbye: agent killed, or something between cut it"; of several
/// hosts "[firing] path lost, 3 hosts: the proxy 10.0.0.5 or the network behind it (db-1, db-2, web-07)". One line of
/// at most 250 bytes.
[[nodiscard]] std::string subject(const domain::Notice& notice);

/// "https://collector:8443/hosts/<id>", ".../alerts" of several hosts; empty without a public_url.
[[nodiscard]] std::string link(const domain::Notice& notice, const std::string& public_url);

/// A whole mail (RFC 5322, lines ending in \r\n, dots not stuffed). ASCII goes as it is, other text in base64, so no
/// server needs 8BITMIME. `now` is its Date. Nothing in `delivery` can add a header or a line of SMTP.
[[nodiscard]] std::string mail(const domain::Delivery& delivery, const Email& email, const std::string& public_url,
                               units::Instant now);

/// The body of a webhook's POST; docs/notifications.md describes it.
[[nodiscard]] std::string json(const domain::Delivery& delivery, const std::string& public_url);

}  // namespace vedette::notify
