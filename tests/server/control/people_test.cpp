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
