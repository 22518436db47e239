// The part of Store that keeps users, logins and enrolment tokens.
#include "server/control/pool.h"
#include "server/control/rows.h"
#include "server/control/store.h"

namespace vedette::control {

using domain::AccessRole;
using domain::Digest;
using domain::LoginRecord;
using domain::User;
using units::ErrorCode;
using units::Result;

namespace {

template <class Value>
Result<std::optional<User>> user_where(Session& session, const char* condition, const Value& value) {
  Rows<Int, std::string, std::string, std::string> rows;
  session << "SELECT id, name, role, password FROM user WHERE " << condition, into(rows), bind(value), now;
  if (rows.empty()) return std::nullopt;
  auto role = role_of(rows.front().template get<2>());
  if (!role) return std::unexpected(std::move(role.error()));
  return User{static_cast<std::uint64_t>(rows.front().template get<0>()), rows.front().template get<1>(), *role,
              rows.front().template get<3>()};
}

}  // namespace

Result<User> Store::add_user(const std::string& name, AccessRole role, const std::string& password_phc) {
  return pool_->write([&](Session& session) -> Result<User> {
    auto taken = user_where(session, "name = ?", name);
    if (!taken) return std::unexpected(std::move(taken.error()));
    if (*taken) return units::fail(ErrorCode::conflict, "There is a user \"" + (*taken)->name + "\" already");
    session << "INSERT INTO user (name, role, password) VALUES (?, ?, ?)", bind(name), bind(std::string(word(role))),
        bind(password_phc), now;
    Int id = 0;
    session << "SELECT last_insert_rowid()", into(id), now;
    return User{static_cast<std::uint64_t>(id), name, role, password_phc};
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
