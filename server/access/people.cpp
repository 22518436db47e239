#include "server/access/people.h"

#include <algorithm>
#include <iterator>

#include "schema/units/utf8.h"
#include "server/access/passwords.h"

namespace vedette::access {

using domain::User;
using units::ErrorCode;
using units::Result;

namespace {

/// What leaned on the user's logins ends.
Result<User> ended(const People& people, Result<domain::UserChange> change) {
  if (!change) return std::unexpected(std::move(change.error()));
  if (people.logins != nullptr)
    std::ranges::move(people.logins->forget(change->user.id), std::back_inserter(change->ended));
  if (people.revocations != nullptr) {
    for (const domain::Digest& sid : change->ended) people.revocations->on_login_ended(sid);
  }
  return std::move(change->user);
}

}  // namespace

Result<User> add_user(domain::AccessRecords& store, const std::string& name, domain::AccessRole role,
                      const std::string& password) {
  const bool control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name.empty() || name.size() > kLongestUserName || control || !units::is_utf8(name)) {
    return units::fail(ErrorCode::invalid, "A user's name is 1 to 128 bytes of printable UTF-8 text");
  }
  if (auto good = check_password(password); !good) return std::unexpected(std::move(good.error()));
  return store.add_user(name, role, hash_password(password));
}

Result<User> remove_user(const People& people, const std::string& name) {
  return ended(people, people.store.remove_user(name));
}

Result<User> set_role(const People& people, const std::string& name, domain::AccessRole role) {
  auto change = people.store.set_role(name, role);
  if (!change) return std::unexpected(std::move(change.error()));
  if (people.revocations != nullptr) people.revocations->on_role_changed(change->user.id, role);
  return std::move(change->user);
}

Result<User> set_password(const People& people, const std::string& name, const std::string& password) {
  if (auto good = check_password(password); !good) return std::unexpected(std::move(good.error()));
  return ended(people, people.store.set_password(name, hash_password(password)));
}

}  // namespace vedette::access
