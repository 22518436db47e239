#include "server/access/gate.h"

#include <algorithm>
#include <ranges>

#include "server/access/origin.h"
#include "server/access/secrets.h"

namespace vedette::access {

using domain::Person;
using units::ErrorCode;
using units::Result;

namespace {

/// Of a login's cookies in one request. More than one come where another path or a neighbouring host name set the name
/// too; each costs a look into the store.
constexpr std::ptrdiff_t kMostSecrets = 4;

}  // namespace

Result<std::optional<Person>> Gate::holder(std::string_view secret) {
  auto login = logins_.find(sha256(secret));
  if (!login) return std::unexpected(std::move(login.error()));
  if (!*login || (*login)->expires <= clock_.now()) return std::nullopt;
  auto user = store_.user((*login)->user);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!*user) return std::nullopt;
  return Person{(*user)->id, (*user)->name, (*user)->role, (*login)->sid, (*login)->expires};
}

Result<Person> Gate::person(const domain::RequestHead& head) {
  auto secrets = head.cookies(config_.cookie.name(head.secure));
  std::erase(secrets, std::string_view{});
  if (secrets.empty()) return units::fail(ErrorCode::unauthorized, "Nobody is signed in.");
  for (const std::string_view secret : secrets | std::views::take(kMostSecrets)) {
    auto person = holder(secret);
    if (!person) return std::unexpected(std::move(person.error()));
    if (*person) return std::move(**person);
  }
  return units::fail(ErrorCode::unauthorized, "This login has ended; sign in again.");
}

Result<void> Gate::origin(const domain::RequestHead& head) {
  if (std::ranges::count(head.headers, "origin", &domain::Header::first) > 1) {
    return units::fail(ErrorCode::forbidden, "The request has more than one Origin header.");
  }
  return check_origin(head.header("origin"), head.header("host"), head.secure, config_.allowed_origins);
}

Result<domain::HostRecord> Gate::host(const domain::RequestHead& head) {
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view value = head.header("authorization");
  if (!value.starts_with(kScheme)) {
    return units::fail(ErrorCode::unauthorized, "No host key: \"Authorization: Bearer\" is missing. Enrol this host.");
  }
  auto record = store_.host_by_key(sha256(value.substr(kScheme.size())));
  if (!record) return std::unexpected(std::move(record.error()));
  if (!*record) return units::fail(ErrorCode::unauthorized, "This host key is unknown here. Enrol this host again.");
  if ((*record)->revoked) return units::fail(ErrorCode::forbidden, "Host " + (*record)->name + " was revoked.");
  return std::move(**record);
}

}  // namespace vedette::access
