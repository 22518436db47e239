// Passwords: Argon2id (RFC 9106) in PHC string form, at most two computed at once.
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "schema/units/result.h"
#include "server/domain/queue.h"

namespace vedette::access {

/// At least 10 characters and at most 1024 bytes of UTF-8; no other rule. The error says which is broken.
[[nodiscard]] units::Result<void> check_password(const std::string& password);

/// 19 MiB, 2 passes, 1 lane (OWASP's first choice): about 20 ms.
[[nodiscard]] std::string hash_password(const std::string& password);
/// False also for a string that isn't PHC.
[[nodiscard]] bool password_fits(const std::string& phc, const std::string& password);

/// Two threads that verify passwords, so that logins can't take all workers or all memory.
class PasswordBench {
 public:
  PasswordBench();
  PasswordBench(const PasswordBench&) = delete;
  PasswordBench& operator=(const PasswordBench&) = delete;
  ~PasswordBench();

  /// Calls `answer` on one of the two threads. False when 32 wait already. Any thread.
  [[nodiscard]] bool verify(std::string phc, std::string password, std::function<void(bool)> answer);
  /// Answers what waits, then ends the threads.
  void stop();

 private:
  struct Job {
    std::string phc, password;
    std::function<void(bool)> answer;
  };
  void run();

  domain::BoundedQueue<Job> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace vedette::access
