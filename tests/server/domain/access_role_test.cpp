#include "server/domain/access_role.h"

#include <gtest/gtest.h>

namespace vedette::domain {
namespace {

TEST(AccessRole, IsReadBackFromItsWordAndFromNoOther) {
  using enum AccessRole;
  for (const AccessRole role : {viewer, operator_, administrator}) EXPECT_EQ(access_role_of(name(role)), role);
  EXPECT_EQ(name(operator_), "operator");
  for (const char* other : {"", "king", "Viewer", "operator_", "viewer "}) EXPECT_FALSE(access_role_of(other)) << other;
}

}  // namespace
}  // namespace vedette::domain
