#include "server/net/response_head.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>
#include <cstdio>
#include <ctime>

#include "schema/units/ascii.h"
#include "server/net/request_head.h"

namespace vedette::net {
namespace {

/// RFC 9110, 5.6.7; not strftime's own names: they follow the process's language.
std::string http_date(units::Instant at) {
  constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = units::unix_ms(at) / 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  return text.data();
}

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text,
                              [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F; });
}

bool has(const domain::Response& response, std::string_view name) {
  return std::ranges::any_of(response.headers, [&](const auto& h) { return units::same_ignoring_case(h.first, name); });
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

bool is_ours(std::string_view name) {
  return std::ranges::any_of(std::array{"content-length", "date", "connection", "transfer-encoding"},
                             [&](const char* own) { return units::same_ignoring_case(name, own); });
}

}  // namespace

std::size_t body_size(const domain::Response& response) noexcept {
  return response.shared_body ? response.shared_body->size() : response.body.size();
}

std::string response_head(const domain::Response& response, const ResponseContext& context) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  const auto words =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  out.append(words.data(), words.size()).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    if (!is_ours(name) && is_clean(name) && is_clean(value)) add(out, name, value);
  }
  add(out, "Date", http_date(context.now));
  if (response.stream) {
    if (!context.http_1_0) add(out, "Transfer-Encoding", "chunked");
  } else if (response.status != 204 && response.status != 304) {
    add(out, "Content-Length", std::to_string(body_size(response)));
  }
  std::string connection = context.keep_alive ? "keep-alive" : "close";
  if (has(response, "Upgrade")) connection += ", Upgrade";
  add(out, "Connection", connection);
  const auto unless_set = [&](std::string_view name, std::string_view value) {
    if (!has(response, name)) add(out, name, value);
  };
  if (context.content_security_policy != nullptr)
    unless_set("Content-Security-Policy", *context.content_security_policy);
  unless_set("X-Content-Type-Options", "nosniff");
  unless_set("Referrer-Policy", "no-referrer");
  unless_set("Cross-Origin-Opener-Policy", "same-origin");
  unless_set("Cross-Origin-Resource-Policy", "same-origin");
  return out + "\r\n";
}

}  // namespace vedette::net
