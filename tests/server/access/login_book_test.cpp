#include "server/access/login_book.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <thread>

#include "tests/server/access/bench.h"

namespace vedette::access {
namespace {

/// Keeps logins; refuses to write while `fault` is set.
struct Records final : domain::AccessRecords {
  std::optional<units::Error> fault;
  std::map<domain::Digest, domain::LoginRecord> kept;
  int tries = 0;
  std::function<void()> password_set{};  ///< called when the logins of before have gone

  units::Result<void> written() const {
    return fault ? units::Result<void>(std::unexpected(*fault)) : units::Result<void>();
  }
  units::Result<domain::User> add_user(const std::string&, domain::AccessRole, const std::string&) override {
    return domain::User{};
  }
  units::Result<std::optional<domain::User>> user(const std::string&) override { return std::nullopt; }
  units::Result<std::optional<domain::User>> user(std::uint64_t) override { return std::nullopt; }
  units::Result<std::size_t> user_count() override { return 0; }
  units::Result<std::vector<domain::User>> users() override { return {}; }
  units::Result<domain::UserChange> remove_user(const std::string&) override { return {}; }
  units::Result<domain::UserChange> set_role(const std::string&, domain::AccessRole) override { return {}; }
  units::Result<domain::UserChange> set_password(const std::string&, const std::string&) override {
    domain::UserChange change;
    std::erase_if(kept, [&](const auto& one) {
      if (one.second.user != change.user.id) return false;
      change.ended.push_back(one.first);
      return true;
    });
    if (password_set) password_set();
    return change;
  }
  units::Result<void> add_login(const domain::LoginRecord& login) override {
    ++tries;
    if (!fault) kept[login.sid] = login;
    return written();
  }
  units::Result<std::optional<domain::LoginRecord>> login(const domain::Digest& sid) override {
    const auto found = kept.find(sid);
    return found == kept.end() ? std::nullopt : std::optional(found->second);
  }
  units::Result<void> remove_login(const domain::Digest& sid) override {
    if (!fault) kept.erase(sid);
    return written();
  }
  units::Result<void> add_token(const domain::Digest&, std::uint32_t, units::Instant) override { return {}; }
};

const units::Error kFull{units::ErrorCode::unavailable, "disk full"};

domain::LoginRecord login(const std::string& sid, std::uint64_t user = 1) {
  return {sid, user, {}, {}};
}

/// A book whose store is full.
struct World {
  Records records;
  FakeClock clock;
  Revocations revocations;
  std::optional<LoginBook> book{std::in_place, records, clock};

  World() { records.fault = kFull; }
};

TEST(LoginBook, KeepsALoginThatCantBeStoredUntilItCan) {
  World world;
  ASSERT_TRUE(world.book->add(login("a")));
  EXPECT_TRUE(world.book->find("a")->has_value());
  world.book->store_waiting();
  world.records.fault.reset();
  world.book->store_waiting();
  EXPECT_EQ(world.book->waiting(), 1u) << "tried again at once";
  world.clock.monotonic += std::chrono::seconds(5);
  world.book->store_waiting();
  EXPECT_EQ(world.book->waiting(), 0u);
  EXPECT_TRUE(world.records.kept.contains("a"));
  EXPECT_TRUE(world.book->find("a")->has_value());
}

TEST(LoginBook, StoresWhatWaitsAtItsEnd) {
  World world;
  ASSERT_TRUE(world.book->add(login("a")));
  world.book->store_waiting();
  world.records.fault.reset();
  world.book.reset();
  EXPECT_TRUE(world.records.kept.contains("a"));
}

TEST(LoginBook, EndsALoginThatWaits) {
  World world;
  ASSERT_TRUE(world.book->add(login("a")));
  EXPECT_TRUE(world.book->remove("a"));
  EXPECT_FALSE(world.book->find("a")->has_value());
  EXPECT_FALSE(world.book->remove("b")) << "one in the store can't be ended while the disk is full";
}

TEST(LoginBook, IsBoundedInAllAndForEachUser) {
  World world;
  for (int n = 0; n < 9; ++n) EXPECT_TRUE(world.book->add(login(std::to_string(n))));
  EXPECT_EQ(world.book->waiting(), 8u);
  EXPECT_FALSE(world.book->find("0")->has_value());
  std::uint64_t user = 2;
  while (world.book->add(login("u" + std::to_string(user), user))) ++user;
  EXPECT_EQ(world.book->waiting(), 256u);
}

TEST(LoginBook, KeepsNothingThatTheStoreWillNeverTake) {
  World world;
  world.records.fault = {units::ErrorCode::conflict, "there is one"};
  EXPECT_FALSE(world.book->add(login("a")));
  EXPECT_EQ(world.book->waiting(), 0u);
}

TEST(LoginBook, ForgetsTheWaitingLoginsOfAUserWhosePasswordChanged) {
  World world;
  ASSERT_TRUE(world.book->add(login("a", 0)));
  ASSERT_TRUE(world.book->add(login("b", 0)));
  ASSERT_TRUE(world.book->add(login("c", 2)));
  ASSERT_TRUE(set_password({world.records, &*world.book, &world.revocations}, "ann", "battery staple"));
  EXPECT_EQ(world.revocations.ended, (std::set<domain::Digest>{"a", "b"}));
  EXPECT_EQ(world.book->waiting(), 1u);
  EXPECT_TRUE(world.book->find("c")->has_value());
}

TEST(LoginBook, StoresNoWaitingLoginWhileItsUserChanges) {
  World world;
  ASSERT_TRUE(world.book->add(login("a", 0)));
  world.records.fault.reset();
  world.records.password_set = [&] { std::thread([&] { world.book->store_waiting(); }).join(); };
  ASSERT_TRUE(set_password({world.records, &*world.book, &world.revocations}, "ann", "battery staple"));
  EXPECT_EQ(world.revocations.ended, std::set<domain::Digest>{"a"});
  EXPECT_FALSE(world.book->find("a")->has_value());
  EXPECT_TRUE(world.records.kept.empty());
  ASSERT_TRUE(world.book->add(login("b", 0))) << "with the new password";
  world.book->store_waiting();
  EXPECT_TRUE(world.book->find("b")->has_value());
}

}  // namespace
}  // namespace vedette::access
