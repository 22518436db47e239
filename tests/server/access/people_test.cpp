#include "server/access/people.h"

#include <gtest/gtest.h>

#include "tests/server/access/bench.h"

namespace vedette::access {
namespace {

using domain::AccessRole;

struct World : Bench {
  People people{*store, &logins, &revocations};

  World() {
    EXPECT_TRUE(add_user(*store, "admin", AccessRole::administrator, "correct horse"));
    EXPECT_TRUE(add_user(*store, "ann", AccessRole::operator_, "correct horse"));
  }
  bool signed_in(const domain::LoginGrant& grant) {
    return gate.person(with("cookie", "__Host-sid=" + grant.secret)).has_value();
  }
};

TEST(People, ARemovedUsersLoginsEnd) {
  World world;
  const auto first = world.log_in("ann", "correct horse"), second = world.log_in("ann", "correct horse");
  const auto other = world.log_in("admin", "correct horse");
  ASSERT_TRUE(first && second && other);
  ASSERT_TRUE(remove_user(world.people, "ann"));
  EXPECT_FALSE(world.signed_in(*first) || world.signed_in(*second));
  EXPECT_TRUE(world.signed_in(*other));
  EXPECT_EQ(world.revocations.ended, (std::set{first->person.sid, second->person.sid}));
  EXPECT_FALSE(world.log_in("ann", "correct horse"));
}

TEST(People, ANewPasswordEndsTheLoginsOfTheOldOne) {
  World world;
  const auto grant = world.log_in("ann", "correct horse");
  EXPECT_EQ(set_password(world.people, "ann", "short").error().code, units::ErrorCode::invalid);
  EXPECT_TRUE(world.signed_in(*grant));
  ASSERT_TRUE(set_password(world.people, "ann", "battery staple"));
  EXPECT_FALSE(world.signed_in(*grant));
  EXPECT_TRUE(world.revocations.ended.contains(grant->person.sid));
  EXPECT_FALSE(world.log_in("ann", "correct horse"));
  EXPECT_TRUE(world.log_in("ann", "battery staple"));
}

TEST(People, ANewRoleHoldsForTheNextRequestAndIsTold) {
  World world;
  const auto grant = world.log_in("ann", "correct horse");
  ASSERT_TRUE(set_role(world.people, "ann", AccessRole::viewer));
  const auto person = world.gate.person(World::with("cookie", "__Host-sid=" + grant->secret));
  ASSERT_TRUE(person);
  EXPECT_EQ(person->role, AccessRole::viewer);
  EXPECT_EQ(world.revocations.roles.at(person->id), AccessRole::viewer);
  EXPECT_TRUE(world.revocations.ended.empty());
}

TEST(People, TheLastAdministratorStays) {
  World world;
  const auto grant = world.log_in("admin", "correct horse");
  EXPECT_EQ(remove_user(world.people, "admin").error().code, units::ErrorCode::conflict);
  EXPECT_EQ(set_role(world.people, "admin", AccessRole::operator_).error().code, units::ErrorCode::conflict);
  EXPECT_TRUE(world.signed_in(*grant));
  EXPECT_TRUE(world.revocations.ended.empty() && world.revocations.roles.empty());
}

TEST(People, APasswordThatChangesWhileTheOldOneIsVerifiedLeavesNoLogin) {
  World world;
  std::promise<domain::LoginAnswer> promise;
  world.desk.log_in("ann", "correct horse", "192.0.2.1:1",
                    [&](domain::LoginAnswer given) { promise.set_value(std::move(given)); });
  ASSERT_TRUE(world.store->set_password("ann", "$argon2id$other"));  // verifying takes longer
  const auto answer = promise.get_future().get();
  EXPECT_FALSE(answer && world.signed_in(*answer));
}

}  // namespace
}  // namespace vedette::access
