#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

using domain::AccessRole;

TEST(Users, AreUniqueByNameWhateverItsCase) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  EXPECT_EQ(*store->user_count(), 0u);
  const auto ann = store->add_user("ann", AccessRole::operator_, "$argon2id$x");
  ASSERT_TRUE(ann);
  const auto again = store->add_user("Ann", AccessRole::viewer, "$argon2id$y");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, units::ErrorCode::conflict);
  const auto found = store->user("ann");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, ann->id);
  EXPECT_EQ((*found)->role, AccessRole::operator_);
  EXPECT_EQ((*found)->password, "$argon2id$x");
  EXPECT_EQ((*store->user(ann->id))->name, "ann");
  EXPECT_FALSE(store->user("bob")->has_value());
  EXPECT_EQ(*store->user_count(), 1u);
}

TEST(Users, AreListedByName) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->add_user("ben", AccessRole::viewer, "x"));
  ASSERT_TRUE(store->add_user("Ann", AccessRole::administrator, "x"));
  const auto users = store->users();
  ASSERT_TRUE(users);
  ASSERT_EQ(users->size(), 2u);
  EXPECT_EQ(users->at(0).name, "Ann");
  EXPECT_EQ(users->at(1).role, AccessRole::viewer);
}

TEST(Users, TakeTheirLoginsWithThem) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto ann = store->add_user("ann", AccessRole::viewer, "x");
  const auto ben = store->add_user("ben", AccessRole::viewer, "x");
  ASSERT_TRUE(store->add_login({digest(1), ann->id, at(0), at(100)}));
  ASSERT_TRUE(store->add_login({digest(2), ann->id, at(0), at(100)}));
  ASSERT_TRUE(store->add_login({digest(3), ben->id, at(0), at(100)}));
  const auto removed = store->remove_user("ANN");
  ASSERT_TRUE(removed);
  EXPECT_EQ(removed->user.id, ann->id);
  EXPECT_EQ(removed->ended, (std::vector{digest(1), digest(2)}));
  EXPECT_FALSE(store->user("ann")->has_value());
  EXPECT_FALSE(store->login(digest(1))->has_value());
  EXPECT_TRUE(store->login(digest(3))->has_value());
  EXPECT_EQ(store->remove_user("ann").error().code, units::ErrorCode::not_found);
  // Their numbers aren't given again: an old login could become somebody else's.
  EXPECT_GT(store->add_user("ann", AccessRole::viewer, "x")->id, ben->id);
}

TEST(Users, ANewPasswordEndsTheLoginsAndANewRoleDoesNot) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto ann = store->add_user("ann", AccessRole::viewer, "old");
  ASSERT_TRUE(store->add_login({digest(1), ann->id, at(0), at(100)}));
  const auto promoted = store->set_role("ann", AccessRole::operator_);
  ASSERT_TRUE(promoted);
  EXPECT_TRUE(promoted->ended.empty());
  EXPECT_EQ((*store->user("ann"))->role, AccessRole::operator_);
  EXPECT_TRUE(store->login(digest(1))->has_value());
  const auto changed = store->set_password("ann", "new");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->ended, std::vector{digest(1)});
  EXPECT_EQ((*store->user("ann"))->password, "new");
  EXPECT_FALSE(store->login(digest(1))->has_value());
}

TEST(Users, KeepAnAdministrator) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->add_user("ann", AccessRole::administrator, "x"));
  ASSERT_TRUE(store->add_user("ben", AccessRole::viewer, "x"));
  for (const auto& refused : {store->remove_user("ann"), store->set_role("ann", AccessRole::operator_)}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, units::ErrorCode::conflict);
    EXPECT_EQ(refused.error().message,
              "ann is the only administrator; first make another one: vedette-server user role NAME administrator");
  }
  EXPECT_TRUE(store->set_role("ann", AccessRole::administrator)) << "nothing is lost";
  ASSERT_TRUE(store->set_role("ben", AccessRole::administrator));
  EXPECT_TRUE(store->set_role("ann", AccessRole::viewer));
  EXPECT_FALSE(store->remove_user("ben"));
}

TEST(Logins, SurviveARestartAndEndWhenRemoved) {
  tests::TemporaryDirectory directory;
  {
    auto store = open_store(directory);
    const auto ann = store->add_user("ann", AccessRole::viewer, "x");
    ASSERT_TRUE(store->add_login({digest(1), ann->id, at(0), at(100)}));
  }
  auto store = open_store(directory);
  const auto login = store->login(digest(1));
  ASSERT_TRUE(login && *login);
  EXPECT_EQ((*login)->expires, at(100));
  ASSERT_TRUE(store->remove_login(digest(1)));
  EXPECT_FALSE(store->login(digest(1))->has_value());
}

TEST(Logins, ThatExpiredAreSweptByTheNextOne) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto ann = store->add_user("ann", AccessRole::viewer, "x");
  ASSERT_TRUE(store->add_login({digest(1), ann->id, at(0), at(100)}));
  ASSERT_TRUE(store->add_login({digest(2), ann->id, at(99), at(200)}));
  EXPECT_TRUE(store->login(digest(1))->has_value());
  ASSERT_TRUE(store->add_login({digest(3), ann->id, at(100), at(200)}));
  EXPECT_FALSE(store->login(digest(1))->has_value());
  EXPECT_TRUE(store->login(digest(2))->has_value());
}

TEST(Logins, NeedAUser) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto login = store->add_login({digest(1), 77, at(0), at(100)});
  ASSERT_FALSE(login);
  EXPECT_EQ(login.error().code, units::ErrorCode::conflict);
}

}  // namespace
}  // namespace vedette::control
