// Response heads as bytes. Pure.
#pragma once

#include <string>

#include "schema/units/time.h"
#include "server/domain/http.h"

namespace vedette::net {

struct ResponseContext {
  units::Instant now;
  bool keep_alive = true;
  bool http_1_0 = false;  ///< of the request: a streamed body then ends with the connection
  const std::string* content_security_policy = nullptr;
};

/// Status line and fields with the empty line: the response's own, then Date, Content-Length (or chunked, for a
/// stream), Connection and the security fields (unless the response sets one itself). Fields with control characters
/// are left out: no answer may smuggle another.
[[nodiscard]] std::string response_head(const domain::Response& response, const ResponseContext& context);

[[nodiscard]] std::size_t body_size(const domain::Response& response) noexcept;

}  // namespace vedette::net
