#include "server/control/pool.h"

#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

TEST(Pool, EverySessionSyncsEachCommit) {
  const tests::TemporaryDirectory directory;
  ASSERT_TRUE(open_store(directory));
  Pool pool(directory / "control.db");
  const auto setting = [](Session& session, const std::string& pragma) {
    std::string value;
    session << "PRAGMA " + pragma, into(value), now;
    return value;
  };
  const auto checked = pool.read([&](Session& first) -> units::Result<void> {
    return pool.read([&](Session& second) -> units::Result<void> {
      for (Session* session : {&first, &second}) {
        EXPECT_EQ(setting(*session, "synchronous"), "2");
        EXPECT_EQ(setting(*session, "journal_mode"), "wal");
      }
      return {};
    });
  });
  EXPECT_TRUE(checked);
}

}  // namespace
}  // namespace vedette::control
