// Logins as control.db keeps them. One that it can't take now (disk full) waits in memory, so that an administrator can
// sign in and see what is wrong; it ends with the process if it still can't be stored then.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "server/domain/clock.h"
#include "server/domain/control_store.h"
#include "server/domain/guarded.h"

namespace vedette::access {

/// Any thread. At most 256 logins wait, 8 of one user: for a ninth that user's oldest goes.
class LoginBook {
 public:
  /// The references must outlive the book.
  LoginBook(domain::AccessRecords& store, const domain::Clock& clock) : store_(store), clock_(clock) {}
  ~LoginBook();  ///< tries once more to store what waits
  LoginBook(const LoginBook&) = delete;
  LoginBook& operator=(const LoginBook&) = delete;

  /// The store's error if the login can neither be stored nor wait.
  units::Result<void> add(const domain::LoginRecord& login);
  [[nodiscard]] units::Result<std::optional<domain::LoginRecord>> find(const domain::Digest& sid);
  units::Result<void> remove(const domain::Digest& sid);
  /// Runs `change`, which ends a user's logins in the store; those of that user that wait are dropped, and added to
  /// what ended. None of them reaches the store meanwhile.
  units::Result<domain::UserChange> end_with(const std::function<units::Result<domain::UserChange>()>& change);

  /// Stores what waits, at most every 5 s while the store refuses; quick when nothing waits, and next time while a user
  /// changes. One thread, now and then.
  void store_waiting();
  [[nodiscard]] std::size_t waiting() const;

 private:
  using Waiting = std::vector<domain::LoginRecord>;  ///< oldest first
  [[nodiscard]] bool keep(const domain::LoginRecord& login);
  [[nodiscard]] bool take_out(const domain::Digest& sid);  ///< false if it didn't wait
  [[nodiscard]] std::vector<domain::Digest> forget(std::uint64_t user);
  void move_into_store(units::Steady& again);

  domain::AccessRecords& store_;
  const domain::Clock& clock_;
  mutable domain::Guarded<Waiting> waiting_;
  /// When to try again. Held while what waits moves into the store, and while a user changes: in between, a login of
  /// the user would be looked for in the store before it is there, and in memory after it has left.
  domain::Guarded<units::Steady> moving_;
};

}  // namespace vedette::access
