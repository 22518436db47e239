// Reading numbers and times from a query string. Errors are `invalid` and name the parameter and its value.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "schema/units/result.h"
#include "schema/units/time.h"
#include "server/domain/http.h"

namespace vedette::api {

/// "step=abc" for an error's words: at most 100 bytes of the value, and UTF-8 whatever was sent.
[[nodiscard]] std::string named(std::string_view name, std::string_view value);

/// A required parameter.
[[nodiscard]] units::Result<std::string_view> required(const domain::RequestHead& head, std::string_view name);

/// A finite number of seconds, decimals allowed.
[[nodiscard]] units::Result<double> parse_seconds(std::string_view name, std::string_view text);

/// Unix seconds, decimals allowed, 1970 to 9999; rounded to the millisecond.
[[nodiscard]] units::Result<units::Instant> parse_time(std::string_view name, std::string_view text);

/// `from` and `to`; without them what the last `span` before `to`, or before now, holds.
[[nodiscard]] units::Result<std::pair<units::Instant, units::Instant>> parse_range(const domain::RequestHead& head,
                                                                                   units::Instant now,
                                                                                   units::Milliseconds span);

}  // namespace vedette::api
