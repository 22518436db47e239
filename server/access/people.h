// Users as administrators make, change and remove them. Whoever loses a right loses at once what leans on it.
#pragma once

#include <string>

#include "server/access/login_book.h"
#include "server/domain/control_store.h"
#include "server/domain/observer.h"

namespace vedette::access {

inline constexpr std::size_t kLongestUserName = 128;  ///< bytes

/// Any thread. Without a running collector there are neither logins in memory nor connections: null.
struct People {
  domain::AccessRecords& store;
  LoginBook* logins = nullptr;
  domain::RevocationObserver* revocations = nullptr;
};

/// A name is 1 to 128 bytes of printable UTF-8, a password has at least 10 characters (passwords.h): `invalid`
/// otherwise.
[[nodiscard]] units::Result<domain::User> add_user(domain::AccessRecords& store, const std::string& name,
                                                   domain::AccessRole role, const std::string& password);
/// Ends the user's logins and live connections (4401). `conflict` for the last administrator.
[[nodiscard]] units::Result<domain::User> remove_user(const People& people, const std::string& name);
/// Requests are judged by the new role from now on, live topics are authorised again. `conflict` as above.
[[nodiscard]] units::Result<domain::User> set_role(const People& people, const std::string& name,
                                                   domain::AccessRole role);
/// Ends the user's logins and live connections: whoever knew the old password has to sign in again.
[[nodiscard]] units::Result<domain::User> set_password(const People& people, const std::string& name,
                                                       const std::string& password);

}  // namespace vedette::access
