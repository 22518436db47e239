#include "server/domain/access_role.h"

namespace vedette::domain {

std::string_view name(AccessRole role) noexcept {
  switch (role) {
    case AccessRole::administrator:
      return "administrator";
    case AccessRole::operator_:
      return "operator";
    case AccessRole::viewer:
      break;
  }
  return "viewer";
}

std::optional<AccessRole> access_role_of(std::string_view text) noexcept {
  using enum AccessRole;
  for (const AccessRole role : {viewer, operator_, administrator}) {
    if (name(role) == text) return role;
  }
  return std::nullopt;
}

}  // namespace vedette::domain
