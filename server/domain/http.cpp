#include "server/domain/http.h"

#include <algorithm>

#include "schema/units/log.h"
#include "schema/units/utf8.h"
#include "server/domain/json.h"

namespace vedette::domain {
namespace {

/// What a client sent may be quoted in an error, but JSON is UTF-8: each byte that isn't becomes U+FFFD.
std::string as_utf8(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 1;
    while (length <= 4 && !units::is_utf8(text.substr(0, length))) ++length;
    const bool good = length <= std::min<std::size_t>(4, text.size());
    out += good ? text.substr(0, length) : "\xef\xbf\xbd";
    text.remove_prefix(good ? length : 1);
  }
  return out;
}

std::string_view title(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

int status_of(units::ErrorCode code) {
  using enum units::ErrorCode;
  switch (code) {
    case invalid:
      return 400;
    case unauthorized:
      return 401;
    case forbidden:
      return 403;
    case not_found:
      return 404;
    case conflict:
      return 409;
    case too_large:
      return 413;
    case version:
      return 426;
    case unavailable:
    case timeout:
      return 503;
    case io:
    case corrupt:
    case internal:
      return 500;
  }
  return 500;
}

}  // namespace

std::string_view RequestHead::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (name == lower_case_name) return value;
  }
  return {};
}

std::string_view RequestHead::parameter(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string_view> RequestHead::parameters(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.emplace_back(value);
  }
  return values;
}

std::vector<std::string_view> RequestHead::cookies(std::string_view name) const {
  std::vector<std::string_view> values;
  std::string_view rest = header("cookie");
  while (!rest.empty()) {
    const std::size_t semicolon = rest.find(';');
    std::string_view pair = rest.substr(0, semicolon);
    rest = semicolon == std::string_view::npos ? std::string_view{} : rest.substr(semicolon + 1);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == name) values.push_back(pair.substr(equals + 1));
  }
  return values;
}

Response json(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Response challenged(Response response, std::string_view scheme) {
  if (response.status == 401)
    response.headers.emplace_back("WWW-Authenticate", std::string(scheme) + " realm=\"vedette\"");
  return response;
}

Response problem(int status, std::string_view detail, std::vector<Header> headers) {
  Response response;
  response.status = status;
  response.headers = std::move(headers);
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.body = "{\"type\":\"about:blank\",\"title\":";
  append_json_string(response.body, title(status));
  response.body += ",\"status\":" + std::to_string(status) + ",\"detail\":";
  append_json_string(response.body, units::is_utf8(detail) ? std::string(detail) : as_utf8(detail));
  response.body += "}";
  return response;
}

Response problem(const units::Error& error) {
  const int status = status_of(error.code);
  if (status != 500) return problem(status, error.message);
  units::log_error("request failed", {{"code", units::name(error.code)}, {"error", error.message}});
  return problem(500, "The collector failed to answer; its log says why.");
}

}  // namespace vedette::domain
