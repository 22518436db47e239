// The part of Store that keeps users, logins and enrolment tokens.
#include "server/control/pool.h"
#include "server/control/rows.h"
#include "server/control/store.h"

namespace vedette::control {

using domain::AccessRole;
using domain::Digest;
using domain::LoginRecord;
using domain::User;
using domain::UserChange;
using units::ErrorCode;
using units::Result;

namespace {

using UserRow = Poco::Tuple<Int, std::string, std::string, std::string>;
constexpr auto kUserColumns = "SELECT id, name, role, password FROM user ";

Result<User> user_of(const UserRow& row) {
  auto role = role_of(row.get<2>());
  if (!role) return std::unexpected(std::move(role.error()));
  return User{static_cast<std::uint64_t>(row.get<0>()), row.get<1>(), *role, row.get<3>()};
}

template <class Value>
Result<std::optional<User>> user_where(Session& session, const char* condition, const Value& value) {
  std::vector<UserRow> rows;
  session << kUserColumns << "WHERE " << condition, into(rows), bind(value), now;
  if (rows.empty()) return std::nullopt;
  return user_of(rows.front());
}

Result<User> known_user(Session& session, const std::string& name) {
  auto user = user_where(session, "name = ?", name);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!*user) {
    return units::fail(ErrorCode::not_found, "There is no user \"" + name + "\"; vedette-server user list shows them");
  }
  return std::move(**user);
}

/// An administrator who isn't the last one, or no administrator.
Result<User> dispensable_user(Session& session, const std::string& name) {
  auto user = known_user(session, name);
  if (!user || user->role != AccessRole::administrator) return user;
  Int administrators = 0;
  session << "SELECT count(*) FROM user WHERE role = ?", into(administrators),
      bind(std::string(domain::name(AccessRole::administrator))), now;
  if (administrators > 1) return user;
  return units::fail(ErrorCode::conflict, user->name +
                                              " is the only administrator; first make another one: vedette-server "
                                              "user role NAME administrator");
}

Result<std::vector<Digest>> end_logins(Session& session, const User& user) {
  std::vector<std::string> sids;
  const auto id = static_cast<Int>(user.id);
  session << "SELECT sid_digest FROM login WHERE user = ?", into(sids), bind(id), now;
  session << "DELETE FROM login WHERE user = ?", bind(id), now;
  return all_of<Digest>(sids, digest_of);
}

}  // namespace

Result<User> Store::add_user(const std::string& name, AccessRole role, const std::string& password_phc) {
  return pool_->write([&](Session& session) -> Result<User> {
    auto taken = user_where(session, "name = ?", name);
    if (!taken) return std::unexpected(std::move(taken.error()));
    if (*taken) return units::fail(ErrorCode::conflict, "There is a user \"" + (*taken)->name + "\" already");
    session << "INSERT INTO user (name, role, password) VALUES (?, ?, ?)", bind(name),
        bind(std::string(domain::name(role))), bind(password_phc), now;
    return User{last_row(session), name, role, password_phc};
  });
}

Result<std::optional<User>> Store::user(const std::string& name) {
  return pool_->read([&](Session& session) { return user_where(session, "name = ?", name); });
}

Result<std::optional<User>> Store::user(std::uint64_t id) {
  return pool_->read([&](Session& session) { return user_where(session, "id = ?", static_cast<Int>(id)); });
}

Result<std::size_t> Store::user_count() {
  return pool_->read([](Session& session) -> Result<std::size_t> {
    Int count = 0;
    session << "SELECT count(*) FROM user", into(count), now;
    return static_cast<std::size_t>(count);
  });
}

Result<std::vector<User>> Store::users() {
  return pool_->read([](Session& session) -> Result<std::vector<User>> {
    std::vector<UserRow> rows;
    session << kUserColumns << "ORDER BY name", into(rows), now;
    return all_of<User>(rows, user_of);
  });
}

Result<UserChange> Store::remove_user(const std::string& name) {
  return pool_->write([&](Session& session) -> Result<UserChange> {
    auto user = dispensable_user(session, name);
    if (!user) return std::unexpected(std::move(user.error()));
    auto ended = end_logins(session, *user);
    if (!ended) return std::unexpected(std::move(ended.error()));
    session << "DELETE FROM user WHERE id = ?", bind(static_cast<Int>(user->id)), now;
    return UserChange{std::move(*user), std::move(*ended)};
  });
}

Result<UserChange> Store::set_role(const std::string& name, AccessRole role) {
  return pool_->write([&](Session& session) -> Result<UserChange> {
    auto user = role == AccessRole::administrator ? known_user(session, name) : dispensable_user(session, name);
    if (!user) return std::unexpected(std::move(user.error()));
    session << "UPDATE user SET role = ? WHERE id = ?", bind(std::string(domain::name(role))),
        bind(static_cast<Int>(user->id)), now;
    user->role = role;
    return UserChange{std::move(*user), {}};
  });
}

Result<UserChange> Store::set_password(const std::string& name, const std::string& password_phc) {
  return pool_->write([&](Session& session) -> Result<UserChange> {
    auto user = known_user(session, name);
    if (!user) return std::unexpected(std::move(user.error()));
    session << "UPDATE user SET password = ? WHERE id = ?", bind(password_phc), bind(static_cast<Int>(user->id)), now;
    auto ended = end_logins(session, *user);
    if (!ended) return std::unexpected(std::move(ended.error()));
    user->password = password_phc;
    return UserChange{std::move(*user), std::move(*ended)};
  });
}

Result<void> Store::add_login(const LoginRecord& login) {
  return pool_->write([&](Session& session) -> Result<void> {
    const Int created = units::unix_ms(login.created);
    session << "DELETE FROM login WHERE expires <= ?", bind(created), now;
    session << "INSERT INTO login (sid_digest, user, created, expires) VALUES (?, ?, ?, ?)", bind(hex_of(login.sid)),
        bind(static_cast<Int>(login.user)), bind(created), bind(Int{units::unix_ms(login.expires)}), now;
    return {};
  });
}

Result<std::optional<LoginRecord>> Store::login(const Digest& sid) {
  return pool_->read([&](Session& session) -> Result<std::optional<LoginRecord>> {
    Rows<Int, Int, Int> rows;
    session << "SELECT user, created, expires FROM login WHERE sid_digest = ?", into(rows), bind(hex_of(sid)), now;
    if (rows.empty()) return std::nullopt;
    const auto& row = rows.front();
    return LoginRecord{sid, static_cast<std::uint64_t>(row.get<0>()), units::from_unix_ms(row.get<1>()),
                       units::from_unix_ms(row.get<2>())};
  });
}

Result<void> Store::remove_login(const Digest& sid) {
  return pool_->write([&](Session& session) -> Result<void> {
    session << "DELETE FROM login WHERE sid_digest = ?", bind(hex_of(sid)), now;
    return {};
  });
}

Result<void> Store::add_token(const Digest& token, std::uint32_t uses, units::Instant expires) {
  return pool_->write([&](Session& session) -> Result<void> {
    session << "INSERT INTO enrolment_token (digest, uses_left, expires) VALUES (?, ?, ?)", bind(hex_of(token)),
        bind(Int{uses}), bind(Int{units::unix_ms(expires)}), now;
    return {};
  });
}

}  // namespace vedette::control
