#include "server/access/gate.h"

#include <algorithm>

#include "server/access/origin.h"
#include "server/access/secrets.h"

namespace vedette::access {

using domain::Person;
using units::ErrorCode;
using units::Result;

Result<Person> Gate::person(const domain::RequestHead& head) {
  const std::string_view secret = head.cookie(config_.cookie.name(head.secure));
  if (secret.empty()) return units::fail(ErrorCode::unauthorized, "Nobody is signed in.");
  auto login = logins_.find(sha256(secret));
  if (!login) return std::unexpected(std::move(login.error()));
  if (!*login || (*login)->expires <= clock_.now()) {
    return units::fail(ErrorCode::unauthorized, "This login has ended; sign in again.");
  }
  auto user = store_.user((*login)->user);
  if (!user) return std::unexpected(std::move(user.error()));
  if (!*user) return units::fail(ErrorCode::unauthorized, "This login has ended; sign in again.");
  return Person{(*user)->id, (*user)->name, (*user)->role, (*login)->sid, (*login)->expires};
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
