// Random secrets and their digests. Secrets go to their owner once; only digests are stored.
#pragma once

#include <string>
#include <string_view>

#include "schema/units/host_id.h"
#include "server/domain/control_store.h"

namespace vedette::access {

/// 256 random bits as 43 characters of base64url: fits cookies, headers and shells unquoted.
[[nodiscard]] std::string random_secret();
[[nodiscard]] units::HostId random_host_id();
/// SHA-256, 32 raw bytes.
[[nodiscard]] domain::Digest sha256(std::string_view bytes);

}  // namespace vedette::access
