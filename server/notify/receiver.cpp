#include "server/notify/receiver.h"

#include <Poco/Exception.h>
#include <Poco/URI.h>

#include <algorithm>
#include <set>

namespace vedette::notify {

using units::ErrorCode;
using units::fail;
using units::Result;

namespace {

constexpr std::size_t kMaxText = 500;  // of an address or a URL: a line of a mail stays below 998 bytes

/// Printable ASCII without spaces: nothing that could end a line or begin another command.
bool plain(const std::string& text) {
  return !text.empty() && text.size() <= kMaxText &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 127; });
}

Result<Target> target_of(const std::string& text, const std::string& plain_scheme, std::uint16_t plain_port,
                         std::uint16_t tls_port) {
  const std::string tls_scheme = plain_scheme + "s";
  const std::string expected =
      "must be " + plain_scheme + "://HOST:PORT or " + tls_scheme + "://HOST:PORT, not \"" + text + "\"";
  if (!plain(text)) return fail(ErrorCode::invalid, expected);
  try {
    const Poco::URI uri(text);
    if (uri.getScheme() != plain_scheme && uri.getScheme() != tls_scheme) return fail(ErrorCode::invalid, expected);
    if (uri.getHost().empty()) return fail(ErrorCode::invalid, expected);
    if (!uri.getUserInfo().empty()) return fail(ErrorCode::invalid, "must not hold a user or password");
    Target target;
    target.tls = uri.getScheme() == tls_scheme;
    target.host = uri.getHost();
    const std::uint16_t port = uri.getSpecifiedPort();
    target.port = port != 0 ? port : target.tls ? tls_port : plain_port;
    target.path = uri.getPathAndQuery().empty() ? "/" : uri.getPathAndQuery();
    if (!plain(target.host) || !plain(target.path)) return fail(ErrorCode::invalid, expected);
    return target;
  } catch (const Poco::Exception&) {
    return fail(ErrorCode::invalid, expected);
  }
}

/// An address as RFC 5321 writes it, without a display name: local@domain. Quoted local parts are not taken.
bool is_address(const std::string& text) {
  const std::size_t at = text.find('@');
  return plain(text) && at != std::string::npos && at > 0 && at + 1 < text.size() && text.rfind('@') == at &&
         text.find_first_of("<>\"(),;:\\") == std::string::npos;
}

std::optional<Fault> fault_of(const Email& email) {
  const auto target = mail_target(email.server);
  if (!target) return Fault{"server", target.error().message};
  if (target->path != "/") return Fault{"server", "must end after the port, not \"" + target->path + "\""};
  if (!is_address(email.from)) {
    return Fault{"from", "must be an address like vedette@example.org, not \"" + email.from + "\""};
  }
  if (email.to.empty()) return Fault{"to", "must hold at least one address"};
  if (email.to.size() > kMaxRecipients) return Fault{"to", "must hold at most 100 addresses"};
  for (const std::string& to : email.to) {
    if (!is_address(to)) return Fault{"to", "holds \"" + to + "\", which is no address like ops@example.org"};
  }
  if (email.user.empty() != email.password_file.empty()) {
    return Fault{email.user.empty() ? "user" : "password_file", "is missing: a login needs both"};
  }
  if (email.user.find_first_of(std::string("\0\r\n", 3)) != std::string::npos) {
    return Fault{"user", "must be one line"};
  }
  const bool secret = target->tls || email.starttls == StartTls::required || is_loopback(target->host);
  if (!email.user.empty() && !secret) {
    return Fault{"starttls", "must not be off with a login: the password would travel readable"};
  }
  return std::nullopt;
}

std::optional<Fault> fault_of(const Webhook& webhook) {
  const auto target = web_target(webhook.url);
  if (!target) return Fault{"url", target.error().message};
  return std::nullopt;
}

}  // namespace

std::string Target::to_string() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Target> mail_target(const std::string& server) {
  return target_of(server, "smtp", 587, 465);
}

Result<Target> web_target(const std::string& url) {
  return target_of(url, "http", 80, 443);
}

bool is_loopback(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

std::optional<Fault> fault_of(const Receiver& receiver) {
  return std::visit([](const auto& way) { return fault_of(way); }, receiver.way);
}

Result<void> check(const Config& config) {
  if (config.hold.count() < 0) return fail(ErrorCode::invalid, "notify.hold must not be below 0");
  if (!config.public_url.empty()) {
    if (const auto url = web_target(config.public_url); !url) {
      return fail(ErrorCode::invalid, "server.public_url " + url.error().message);
    }
  }
  if (config.receivers.size() > kMaxReceivers) return fail(ErrorCode::invalid, "there are more than 32 receivers");
  std::set<std::string> names;
  for (const Receiver& receiver : config.receivers) {
    if (receiver.name.empty()) return fail(ErrorCode::invalid, "a receiver has no name");
    if (!names.insert(receiver.name).second) {
      return fail(ErrorCode::invalid, "receiver \"" + receiver.name + "\": the name is taken; choose another");
    }
    if (const auto fault = fault_of(receiver)) {
      return fail(ErrorCode::invalid, "receiver \"" + receiver.name + "\": " + fault->field + " " + fault->words);
    }
  }
  return {};
}

}  // namespace vedette::notify
