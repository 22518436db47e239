// A control.db of the first build, with an alert and a mail in it, opened by this one.
#include <fstream>
#include <sstream>

#include "server/sqlite/database.h"
#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

TEST(Upgrade, AnAlertAndAMailOfTheFirstBuildAreReadAndKept) {
  const tests::TemporaryDirectory directory;
  {
    std::ostringstream first;
    first << std::ifstream(VEDETTE_SOURCE_DIR "/schema/sql/control/0001_control.sql").rdbuf();
    auto raw = sqlite::Database::open(directory / "control.db");
    ASSERT_TRUE(raw);
    ASSERT_TRUE(raw->execute(first.str() + "; PRAGMA user_version = 1"));
    ASSERT_TRUE(raw->execute(
        R"(INSERT INTO alert VALUES (1, 'cpu', 1, '[]', 'firing', 'warning', 5000, 0.95, 'busy', NULL, 1);)"
        R"(INSERT INTO delivery (incident, transition, receiver, notice, message_id, not_before) VALUES (1, 'fired', 'ops',)"
        R"('{"incident":1,"transition":"fired","alert":{"id":1,"rule":"cpu","host":1,"attributes":[],"phase":"firing",)"
        R"("severity":"warning","since":5000,"value":0.95,"reason":"busy","notifies_at":null,"incident":1},)"
        R"("host_name":"web","host_id":"aa","at":5000}', '<1@vedette>', 65000))"));
  }
  const auto store = open_store(directory);
  const auto alerts = store->alerts(10);
  ASSERT_TRUE(alerts) << alerts.error().message;
  ASSERT_EQ(alerts->size(), 1u);
  EXPECT_EQ(alerts->front().unit, "");
  EXPECT_FALSE(alerts->front().notified_at);
  const auto waiting = store->undelivered();
  ASSERT_TRUE(waiting) << waiting.error().message;
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().message_id, "<1@vedette>");
  EXPECT_TRUE(waiting->front().settled.empty());
}

}  // namespace
}  // namespace vedette::control
