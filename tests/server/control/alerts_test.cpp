#include "server/sqlite/database.h"
#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

using Change = domain::AlertRecords::Change;

TEST(Alerts, ComeBackAsTheyWereCommitted) {
  tests::TemporaryDirectory directory;
  {
    auto store = open_store(directory);
    Change change;
    change.states = {{"host-down/1", "{\"phase\":\"firing\"}"}};
    change.alerts = {firing(1, 2)};
    change.queue = {mail(2, "ops")};
    ASSERT_TRUE(store->commit(change));
  }
  auto store = open_store(directory);
  ASSERT_EQ(store->alert_states()->size(), 1u);
  EXPECT_EQ(store->alert_states()->front().body, "{\"phase\":\"firing\"}");
  const auto alerts = store->alerts(10);
  ASSERT_EQ(alerts->size(), 1u);
  EXPECT_EQ(alerts->front().phase, domain::Phase::firing);
  EXPECT_EQ(alerts->front().severity, domain::Severity::critical);
  EXPECT_EQ(alerts->front().value, 0.25);
  EXPECT_EQ(alerts->front().unit, "By/s");
  EXPECT_EQ(alerts->front().notified_at, at(65));
  EXPECT_EQ(alerts->front().attributes.front().value, "/var");
  EXPECT_EQ(*store->last_alert_id(), 2u);
  const auto waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().message_id, "<2@vedette>");
  EXPECT_EQ(waiting->front().not_before, at(66));
  EXPECT_EQ(waiting->front().notice.host_name, "web");
  EXPECT_EQ(waiting->front().notice.alert.unit, "By/s");
  EXPECT_EQ(waiting->front().notice.alert.reason, "lost: connection ended without goodbye");
}

TEST(Alerts, ANoticeThatWaitsGivesItsPlaceToOneWithOtherWords) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  domain::Delivery one = mail(2, "ops"), three = mail(2, "ops");
  three.notice.hosts = {{"aa", "web"}, {"bb", "db \"1\""}};
  three.message_id = "<2b@vedette>";
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {one}, .cancel = {}}));
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {three}, .cancel = {2}}));
  auto waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().message_id, "<2b@vedette>");
  ASSERT_EQ(waiting->front().notice.hosts.size(), 2u);
  EXPECT_EQ(waiting->front().notice.hosts[1].id, "bb");
  EXPECT_EQ(waiting->front().notice.hosts[1].name, "db \"1\"");
  ASSERT_TRUE(store->failed(waiting->front().id, "450 later", at(70), {}));
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {one}, .cancel = {2}}));
  waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().message_id, "<2b@vedette>") << "some may have it already: its words stay";
}

TEST(Alerts, AnEmptyBodyDropsTheState) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->commit({.states = {{"a", "1"}, {"b", "1"}}, .alerts = {}, .queue = {}, .cancel = {}}));
  ASSERT_TRUE(store->commit({.states = {{"a", ""}}, .alerts = {}, .queue = {}, .cancel = {}}));
  ASSERT_EQ(store->alert_states()->size(), 1u);
  EXPECT_EQ(store->alert_states()->front().key, "b");
}

TEST(Alerts, OpenOnesAreAllListedAndResolvedOnesNewestFirst) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  Change change;
  for (std::uint64_t id = 1; id <= 6; ++id) {
    auto alert = firing(id, id);
    alert.since = at(static_cast<std::int64_t>(id));
    if (id > 2) alert.phase = domain::Phase::resolved;
    change.alerts.push_back(alert);
  }
  ASSERT_TRUE(store->commit(change));
  std::vector<std::uint64_t> ids;
  const auto listed = store->alerts(2);
  for (const auto& alert : *listed) ids.push_back(alert.id);
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{6, 5, 2, 1}));
}

TEST(Outbox, HoldsEachIncidentTransitionAndReceiverOnce) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  auto again = mail(2, "ops");
  again.message_id = "<other@vedette>";
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {mail(2, "ops"), mail(2, "hook")}, .cancel = {}}));
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {again}, .cancel = {}}));
  const auto waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 2u);
  EXPECT_EQ(waiting->front().message_id, "<2@vedette>");
}

TEST(Outbox, CountsAttemptsKeepsTheAnswerAndEndsWithDelivery) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {mail(2, "ops")}, .cancel = {}}));
  const auto id = store->undelivered()->front().id;
  ASSERT_TRUE(store->failed(id, "450 later", at(99), {"has-it@example.org"}));
  const auto waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().attempts, 1u);
  EXPECT_EQ(waiting->front().last_answer, "450 later");
  EXPECT_EQ(waiting->front().not_before, at(99));
  EXPECT_EQ(waiting->front().settled, std::vector<std::string>{"has-it@example.org"});
  ASSERT_TRUE(store->delivered(id, "250 ok", at(100)));
  EXPECT_TRUE(store->undelivered()->empty());
}

TEST(Outbox, CancelDropsOnlyWhatNobodyTriedToSend) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {mail(2, "ops"), mail(2, "hook")}, .cancel = {}}));
  ASSERT_TRUE(store->failed(store->undelivered()->front().id, "450", at(99), {}));
  ASSERT_TRUE(store->commit({.states = {}, .alerts = {}, .queue = {}, .cancel = {2}}));
  const auto waiting = store->undelivered();
  ASSERT_EQ(waiting->size(), 1u);
  EXPECT_EQ(waiting->front().receiver, "ops");
}

TEST(Alerts, NothingOfAChangeIsKeptWhenAPartFails) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  Change change;
  change.states = {{"a", "1"}};
  change.alerts = {firing(1, 2)};
  ASSERT_TRUE(store->commit(change));
  // A trigger stands in for a disk that fails in the middle of the transaction.
  auto raw = sqlite::Database::open(directory / "control.db");
  ASSERT_TRUE(raw->execute("CREATE TRIGGER fails BEFORE INSERT ON delivery BEGIN SELECT RAISE(ABORT, 'no'); END"));
  change.states = {{"a", "2"}};
  change.queue = {mail(2, "ops")};
  EXPECT_FALSE(store->commit(change));
  EXPECT_EQ(store->alert_states()->front().body, "1");
  ASSERT_TRUE(raw->execute("DROP TRIGGER fails"));
  EXPECT_TRUE(store->commit(change));
  EXPECT_EQ(store->alert_states()->front().body, "2");
}

}  // namespace
}  // namespace vedette::control
