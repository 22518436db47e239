#include "server/sqlite/migrate.h"

#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>

#include "tests/temporary_directory.h"

namespace vedette::sqlite {
namespace {

using sql::Migration;
using units::ErrorCode;

constexpr Migration kFirst{1, "0001_a.sql", "CREATE TABLE a(x); CREATE TABLE b(x);"};
constexpr Migration kSecond{2, "0002_c.sql", "CREATE TABLE c(x); INSERT INTO a VALUES(5);"};
constexpr Migration kBroken{2, "0002_broken.sql", "CREATE TABLE c(x); CREATE TABLE a(x);"};

Database opened(const std::filesystem::path& path) {
  auto database = Database::open(path);
  EXPECT_TRUE(database);
  return std::move(*database);
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Migrate, RunsEachScriptOnce) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(migrate(database, std::array{kFirst}));
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}));
  ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}));
  EXPECT_EQ(**database.scalar("PRAGMA user_version"), 2);
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM a"), 1);
}

TEST(Migrate, RefusesANewerSchemaAndLeavesTheFileUntouched) {
  const tests::TemporaryDirectory directory;
  const auto path = directory / "a.db";
  {
    auto database = opened(path);
    ASSERT_TRUE(migrate(database, std::array{kFirst, kSecond}));
  }
  const std::string before = bytes_of(path);
  auto database = opened(path);
  auto refused = migrate(database, std::array{kFirst});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::version);
  EXPECT_NE(refused.error().message.find("schema 2 was written by a newer version"), std::string::npos);
  EXPECT_NE(refused.error().message.find(path.string()), std::string::npos);
  EXPECT_EQ(bytes_of(path), before);
}

TEST(Migrate, KeepsNothingOfAScriptThatFails) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  auto failed = migrate(database, std::array{kFirst, kBroken});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("0002_broken.sql"), std::string::npos);
  EXPECT_EQ(**database.scalar("PRAGMA user_version"), 1);
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), 0);
}

TEST(Migrate, RefusesADatabaseOfSomethingElse) {
  const tests::TemporaryDirectory directory;
  auto database = opened(directory / "a.db");
  ASSERT_TRUE(database.execute("CREATE TABLE theirs(x)"));
  auto refused = migrate(database, std::array{kFirst});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::corrupt);
  EXPECT_EQ(**database.scalar("SELECT count(*) FROM sqlite_schema"), 1);
}

TEST(Migrate, EveryEmbeddedSchemaAppliesToAnEmptyDatabase) {
  const tests::TemporaryDirectory directory;
  int number = 0;
  for (const auto migrations : {sql::control_migrations(), sql::history_migrations(), sql::chunks_migrations()}) {
    auto database = opened(directory / (std::to_string(++number) + ".db"));
    auto done = migrate(database, migrations);
    EXPECT_TRUE(done) << done.error().message;
  }
  EXPECT_FALSE(sql::history_migrations().empty());
}

}  // namespace
}  // namespace vedette::sqlite
