#include "server/access/people.h"

#include <algorithm>
#include <functional>

#include "schema/units/utf8.h"
#include "server/access/passwords.h"

namespace vedette::access {

using domain::User;
using units::ErrorCode;
using units::Result;

namespace {

/// Runs `change`; the user's logins and what leaned on them end.
Result<User> end_with(const People& people, const std::function<Result<domain::UserChange>()>& change) {
  auto changed = people.logins != nullptr ? people.logins->end_with(change) : change();
  if (!changed) return std::unexpected(std::move(changed.error()));
  if (people.revocations != nullptr) {
    for (const domain::Digest& sid : changed->ended) people.revocations->on_login_ended(sid);
  }
  return std::move(changed->user);
}

}  // namespace

Result<User> add_user(domain::AccessRecords& store, const std::string& name, domain::AccessRole role,
                      const std::string& password) {
  const bool control =
      std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (name.empty() || name.size() > kLongestUserName || control || !units::is_utf8(name)) {
    return units::fail(ErrorCode::invalid,
                       "A user's name is 1 to " + std::to_string(kLongestUserName) + " bytes of printable UTF-8 text");
  }
  if (auto good = check_password(password); !good) return std::unexpected(std::move(good.error()));
  return store.add_user(name, role, hash_password(password));
}

Result<User> remove_user(const People& people, const std::string& name) {
  return end_with(people, [&] { return people.store.remove_user(name); });
}

Result<User> set_role(const People& people, const std::string& name, domain::AccessRole role) {
  auto change = people.store.set_role(name, role);
  if (!change) return std::unexpected(std::move(change.error()));
  if (people.revocations != nullptr) people.revocations->on_role_changed(change->user.id, role);
  return std::move(change->user);
}

Result<User> set_password(const People& people, const std::string& name, const std::string& password) {
  if (auto good = check_password(password); !good) return std::unexpected(std::move(good.error()));
  const std::string phc = hash_password(password);
  return end_with(people, [&] { return people.store.set_password(name, phc); });
}

}  // namespace vedette::access
