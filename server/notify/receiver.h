// Receivers: who is told, and how they are reached. Values; server/app fills them from `[notify]` and `[[receiver]]`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::notify {

enum class StartTls : std::uint8_t { required, off };

struct Email {
  std::string server;                      ///< "smtp://host:port" or "smtps://host:port"; without a port 587 or 465
  StartTls starttls = StartTls::required;  ///< for smtp://; smtps:// is TLS from the first byte
  std::string user;                        ///< empty: no login
  std::string password_file;               ///< read at each delivery, so that a new password needs no restart
  std::string ca_file;                     ///< PEM; empty: the system's store
  std::string from;
  std::vector<std::string> to;
};

struct Webhook {
  std::string url;      ///< http:// or https://
  std::string ca_file;  ///< as above
};

struct Receiver {
  std::string name;
  std::variant<Email, Webhook> way;
};

struct Config {
  units::Milliseconds hold{std::chrono::seconds(60)};  ///< for alerts::Config, which decides when a delivery is due
  std::string public_url;                              ///< "https://host:port" before "/hosts/<id>"; empty: no link
  std::vector<Receiver> receivers;                     ///< each gets a thread
};

inline constexpr std::size_t kMaxReceivers = 32;
inline constexpr std::size_t kMaxRecipients = 100;

/// Where a server or URL points.
struct Target {
  bool tls = false;  ///< from the first byte
  std::string host;  ///< without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string path;  ///< of a URL, with its query; "/" if it has none

  [[nodiscard]] std::string to_string() const;  ///< "host:port", for words
};
/// `invalid` in the words "must be …", to be put behind the field's name.
[[nodiscard]] units::Result<Target> mail_target(const std::string& server);
[[nodiscard]] units::Result<Target> web_target(const std::string& url);

/// "127.0.0.1", "::1", "localhost".
[[nodiscard]] bool is_loopback(const std::string& host);

/// The key of a receiver's table that is wrong, and words to stand behind it: "server", "must be smtp://…".
struct Fault {
  std::string field, words;
};
/// The first one of what isn't the name. Reads no file: ca_file and password_file are read when used.
[[nodiscard]] std::optional<Fault> fault_of(const Receiver& receiver);

/// `invalid`, naming the receiver and the field; what fault_of() says of each, names, their number, hold and URL.
[[nodiscard]] units::Result<void> check(const Config& config);

}  // namespace vedette::notify
