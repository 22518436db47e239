#include "server/api/parameters.h"

#include <charconv>
#include <cmath>
#include <string>

#include "schema/units/utf8.h"

namespace vedette::api {

using units::ErrorCode;
using units::fail;
using units::Result;

std::string named(std::string_view name, std::string_view value) {
  const bool text = units::is_utf8(value);
  return std::string(name) + "=" + std::string(text ? units::cut_utf8(value, 100) : "(bytes that aren't UTF-8)");
}

Result<std::string_view> required(const domain::RequestHead& head, std::string_view name) {
  const auto given = head.parameters(name);
  if (given.empty()) return fail(ErrorCode::invalid, "The parameter " + std::string(name) + " is missing.");
  return given.front();
}

Result<double> parse_seconds(std::string_view name, std::string_view text) {
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, seconds);
  if (status != std::errc{} || stop != end || !std::isfinite(seconds)) {
    return fail(ErrorCode::invalid, named(name, text) + " is no number of seconds.");
  }
  return seconds;
}

Result<units::Instant> parse_time(std::string_view name, std::string_view text) {
  const auto seconds = parse_seconds(name, text);
  if (!seconds) return std::unexpected(seconds.error());
  const double ms = *seconds * 1000;
  if (ms < static_cast<double>(units::kEarliestMs) || ms > static_cast<double>(units::kLatestMs)) {
    return fail(ErrorCode::invalid,
                named(name, text) + " is out of range; it is Unix seconds, from 1970 to the year 9999.");
  }
  return units::from_unix_ms(std::llround(ms));
}

Result<std::pair<units::Instant, units::Instant>> parse_range(const domain::RequestHead& head, units::Instant now,
                                                              units::Milliseconds span) {
  const auto to_text = head.parameter("to"), from_text = head.parameter("from");
  const auto to = to_text.empty() ? Result<units::Instant>(now) : parse_time("to", to_text);
  if (!to) return std::unexpected(to.error());
  const auto from = from_text.empty() ? Result<units::Instant>(*to - span) : parse_time("from", from_text);
  if (!from) return std::unexpected(from.error());
  if (*to < *from) {
    return fail(ErrorCode::invalid, "to=" + units::unix_seconds(*to) + " is before from=" + units::unix_seconds(*from));
  }
  return std::pair(*from, *to);
}

}  // namespace vedette::api
