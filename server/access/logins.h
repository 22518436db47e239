// Signing in and out. Passwords are verified on PasswordBench's threads; everything else is quick. Any thread.
#pragma once

#include <atomic>
#include <memory>

#include "server/access/attempts.h"
#include "server/access/login_book.h"
#include "server/access/passwords.h"
#include "server/access/refusal_log.h"
#include "server/domain/access.h"
#include "server/domain/clock.h"
#include "server/domain/guarded.h"

namespace vedette::access {

inline constexpr std::chrono::hours kLoginLifetime{30 * 24};

class LoginDesk final : public domain::Logins {
 public:
  /// `setup_command` is shown while there is no user; `free_tries` as of Attempts. The references must outlive the
  /// desk.
  LoginDesk(domain::ControlStore& store, LoginBook& logins, const domain::Clock& clock,
            domain::RevocationObserver& revocations, std::string setup_command,
            std::uint32_t free_tries = Attempts::kFreeTries);

  void log_in(const std::string& user, const std::string& password, const std::string& peer,
              std::function<void(domain::LoginAnswer)> answer) override;
  units::Result<void> log_out(const domain::Person& person) override;
  [[nodiscard]] std::string setup_command() override;
  /// Tries refused because their address or user had to pause. Any thread.
  [[nodiscard]] std::uint64_t paused() const noexcept { return paused_; }
  /// Answers what waits; later logins are refused as busy.
  void stop() { bench_.stop(); }

 private:
  [[nodiscard]] domain::LoginAnswer judged(bool fits, const std::optional<domain::User>& user, const std::string& peer,
                                           const std::string& name);
  void log_refusal(const std::string& peer, const std::string& name);
  [[nodiscard]] domain::LoginAnswer broken(const units::Error& error, const std::string& peer);
  [[nodiscard]] domain::LoginAnswer granted(const domain::User& user, const std::string& peer);

  domain::ControlStore& store_;
  LoginBook& logins_;
  const domain::Clock& clock_;
  domain::RevocationObserver& revocations_;
  std::string setup_command_;
  std::string nobody_;  ///< a hash that is verified when the user doesn't exist, so that both answers take as long
  domain::Guarded<Attempts> attempts_;
  domain::Guarded<RefusalLog> refusals_;
  std::atomic<std::uint64_t> paused_ = 0;
  PasswordBench bench_;
};

}  // namespace vedette::access
