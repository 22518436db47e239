// api -> access: signing in and out, and enrolling agents. server/access implements both; any thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "schema/units/host_id.h"
#include "schema/units/result.h"
#include "server/domain/observer.h"

namespace vedette::domain {

/// A login just made. `secret` is the cookie's value and exists nowhere else.
struct LoginGrant {
  Person person;
  std::string secret;
  std::chrono::seconds lifetime{};
};

struct LoginRefusal {
  enum class Why : std::uint8_t { wrong, paused, busy, unavailable, failed };
  Why why = Why::wrong;  ///< unavailable: the store can't now, and `words` say what to do
  std::string words;     ///< for the person; never tells whether the user exists
  std::chrono::seconds retry_after{0};
};
using LoginAnswer = std::expected<LoginGrant, LoginRefusal>;

class Logins {
 public:
  virtual ~Logins() = default;
  /// `peer` as in RequestHead. Answers once, on a thread of access.
  virtual void log_in(const std::string& user, const std::string& password, const std::string& peer,
                      std::function<void(LoginAnswer)> answer) = 0;
  /// Ends the login and closes what leans on it.
  virtual units::Result<void> log_out(const Person& person) = 0;
  /// The command that makes the first administrator while there is no user; else empty.
  [[nodiscard]] virtual std::string setup_command() = 0;
};

/// What an agent gets for its token. The key is shown this once.
struct Enrolled {
  HostNumber number{};
  units::HostId host;
  std::string key;
};

struct EnrolRefusal {
  units::Error error;
  std::chrono::seconds retry_after{0};  ///< above 0: this address tried too often
};
using EnrolAnswer = std::expected<Enrolled, EnrolRefusal>;

class Enrolment {
 public:
  virtual ~Enrolment() = default;
  /// `unauthorized` with words that say why for a bad token, `invalid` for a bad hostname, `unavailable` when it can't
  /// be stored now (disk full) or the address has to wait. `peer` as in RequestHead.
  virtual EnrolAnswer enrol(const std::string& token, const std::string& hostname, const std::string& peer) = 0;
};

}  // namespace vedette::domain
