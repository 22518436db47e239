#include <atomic>
#include <thread>
#include <vector>

#include "server/sqlite/database.h"
#include "tests/server/control/make.h"

namespace vedette::control {
namespace {

TEST(Hosts, GetNumbersInOrderAndUniqueNames) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  EXPECT_EQ(enrolled(*store, 1, "web").name, "web");
  EXPECT_EQ(enrolled(*store, 2, "web").name, "web-2");
  const auto third = enrolled(*store, 3, "web");
  EXPECT_EQ(third.name, "web-3");
  EXPECT_EQ(domain::index(third.number), 3u);
  EXPECT_EQ(enrolled(*store, 4, "").name, "host");
  EXPECT_EQ(store->hosts()->size(), 4u);
}

TEST(Hosts, AreFoundByTheirKeyOnly) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  const auto found = store->host_by_key(digest(1));
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->id, host_id(1));
  EXPECT_FALSE(store->host_by_key(digest(2))->has_value());
}

TEST(Hosts, AreRevokedByNameOrId) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  enrolled(*store, 2, "db");
  EXPECT_TRUE(store->revoke("web")->revoked);
  EXPECT_EQ(store->revoke(units::to_string(host_id(2)))->name, "db");
  EXPECT_TRUE((*store->host_by_key(digest(1)))->revoked);
  const auto missing = store->revoke("nobody");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, units::ErrorCode::not_found);
}

TEST(Hosts, OneThatIsRemovedIsNoMoreAndItsNumberIsNotGivenAgain) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  const auto record = enrolled(*store, 2, "db");
  const auto number = record.number;
  ASSERT_TRUE(store->save_facts(std::vector{domain::HostRecords::Facts{number, {}}}));
  domain::Outage outage;
  outage.host = number;
  outage.status = domain::HostStatus::lost;
  ASSERT_TRUE(store->save_outages(std::vector{outage}));
  ASSERT_TRUE(store->remove(number));
  EXPECT_EQ(store->hosts()->size(), 1U);
  EXPECT_EQ(*store->host(number), std::nullopt);
  EXPECT_EQ(*store->host_by_key(digest(2)), std::nullopt) << "its key is no key any more";
  EXPECT_EQ(*store->facts(number), std::nullopt);
  EXPECT_TRUE(store->outages(number, at(-1'000'000), at(1'000'000))->empty());
  EXPECT_TRUE(store->remove(number)) << "twice does no harm";
  const auto web = (*store->hosts())[0].number;
  using Facts = domain::HostRecords::Facts;
  using LastStatus = domain::HostRecords::LastStatus;
  EXPECT_TRUE(store->save_facts(std::vector{Facts{number, {}}, Facts{web, {}}})) << "what comes late holds up nobody";
  EXPECT_TRUE(store->save_statuses(std::vector{LastStatus{number, domain::HostStatus::lost, at(1), ""},
                                               LastStatus{web, domain::HostStatus::lost, at(1), ""}}));
  EXPECT_TRUE(store->save_outages(std::vector{outage}));
  EXPECT_EQ(store->last_statuses()->size(), 1U);
  EXPECT_TRUE(*store->facts(web));
  EXPECT_TRUE(store->outages(number, at(-1'000'000), at(1'000'000))->empty());
  const auto next = enrolled(*store, 3, "db");
  EXPECT_EQ(next.name, "db") << "the name is free";
  EXPECT_GT(next.number, number);
}

TEST(EnrolmentToken, SaysWhyItIsRefused) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->add_token(digest(9), 1, at(60)));
  const auto reason = [&](char token, std::uint8_t host, int seconds) {
    auto made = store->enrol(digest(token), host_id(host), "web", digest(static_cast<char>(host)), at(seconds));
    return made ? std::string("enrolled") : made.error().message;
  };
  EXPECT_NE(reason(8, 1, 0).find("unknown"), std::string::npos);
  EXPECT_NE(reason(9, 1, 60).find("expired"), std::string::npos);
  EXPECT_EQ(reason(9, 1, 59), "enrolled");
  EXPECT_NE(reason(9, 2, 59).find("used up"), std::string::npos);
}

TEST(EnrolmentToken, ThatIsBadIsRefusedWithoutTheWriteLock) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->add_token(digest(9), 1, at(60)));
  auto writer = sqlite::Database::open(directory / "control.db");
  ASSERT_TRUE(writer && writer->execute("BEGIN IMMEDIATE"));
  for (const char token : {8, 9}) {  // unknown, expired
    const auto refused = store->enrol(digest(token), host_id(1), "web", digest(1), at(60));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, units::ErrorCode::unauthorized) << refused.error().message;
  }
}

TEST(EnrolmentToken, IsNotUsedUpByAnEnrolmentThatFails) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  ASSERT_TRUE(store->add_token(digest(9), 1, at(60)));
  const auto twice = store->enrol(digest(9), host_id(1), "web", digest(77), at(0));
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().code, units::ErrorCode::conflict);
  EXPECT_TRUE(store->enrol(digest(9), host_id(2), "web", digest(78), at(0)));
}

TEST(EnrolmentToken, LetsInExactlyAsManyAsItHasUsesWhenAllComeAtOnce) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  ASSERT_TRUE(store->add_token(digest(9), 3, at(60)));
  std::atomic<int> in = 0, refused = 0;
  std::vector<std::thread> hosts;
  for (std::uint8_t n = 1; n <= 8; ++n) {
    hosts.emplace_back([&, n] {
      auto made = store->enrol(digest(9), host_id(n), "web", digest(static_cast<char>(n)), at(0));
      ++(made ? in : refused);
      EXPECT_TRUE(made || made.error().code == units::ErrorCode::forbidden) << made.error().message;
    });
  }
  for (auto& host : hosts) host.join();
  EXPECT_EQ(in, 3);
  EXPECT_EQ(refused, 5);
}

TEST(Hosts, KeepFactsStatusAndOutagesOverARestart) {
  tests::TemporaryDirectory directory;
  const domain::HostNumber host{1};
  domain::HostFacts facts;
  facts.hostname = "web";
  facts.tags = {"site=berlin", "db"};
  facts.cores = 8;
  facts.memory_bytes = 1ULL << 40;
  facts.boot_time = at(-100);
  std::uint64_t outage_id = 0;
  {
    auto store = open_store(directory);
    enrolled(*store, 1, "web");
    enrolled(*store, 2, "db");
    using Facts = domain::HostRecords::Facts;
    ASSERT_TRUE(store->save_facts(std::vector{Facts{host, facts}, Facts{domain::HostNumber{2}, {}}}));
    using Status = domain::HostRecords::LastStatus;
    ASSERT_TRUE(store->save_statuses(std::vector{Status{host, domain::HostStatus::lost, at(1), "gone"}}));
    ASSERT_TRUE(store->save_statuses(std::vector{Status{host, domain::HostStatus::unresponsive, at(2), "silent"}}));
    domain::Outage outage;
    outage.host = host;
    outage.from = at(10);
    outage.reason = "gone";
    outage_id = store->save_outages({&outage, 1})->front();
    ASSERT_NE(outage_id, 0u);
    outage.id = outage_id;
    outage.to = at(20);
    outage.correction = "network cut";
    outage.notified = true;
    domain::Outage next;
    next.host = domain::HostNumber{2};
    next.from = at(30);
    const auto ids = store->save_outages(std::vector{outage, next});
    ASSERT_TRUE(ids);
    EXPECT_EQ(*ids, (std::vector{outage_id, outage_id + 1})) << "an update and an insert in one";
  }
  auto store = open_store(directory);
  const auto read = store->facts(host);
  ASSERT_TRUE(read && *read);
  EXPECT_EQ((*read)->cores, 8u);
  EXPECT_EQ((*read)->memory_bytes, 1ULL << 40);
  EXPECT_EQ((*read)->boot_time, at(-100));
  ASSERT_EQ(store->last_statuses()->size(), 1u);
  EXPECT_EQ(store->last_statuses()->front().status, domain::HostStatus::unresponsive);
  const auto outages = store->outages(host, at(0), at(100));
  ASSERT_EQ(outages->size(), 1u);
  EXPECT_EQ(outages->front().id, outage_id);
  EXPECT_EQ(outages->front().to, at(20));
  EXPECT_EQ(outages->front().correction, "network cut");
  EXPECT_TRUE(outages->front().notified);
  EXPECT_FALSE(store->outages(domain::HostNumber{2}, at(0), at(100))->at(0).to);
}

TEST(Outages, OneThatCanNotBeSavedTakesBackThoseOfItsTransaction) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  auto raw = sqlite::Database::open(directory / "control.db");
  ASSERT_TRUE(
      raw->execute("CREATE TRIGGER fails BEFORE INSERT ON outage WHEN NEW.reason = 'bad' "
                   "BEGIN SELECT RAISE(ABORT, 'no'); END"));
  domain::Outage good, bad;
  good.host = bad.host = domain::HostNumber{1};
  bad.reason = "bad";
  EXPECT_FALSE(store->save_outages(std::vector{good, bad}));
  EXPECT_TRUE(store->outages(good.host, {}, at(0))->empty());
  EXPECT_TRUE(store->save_outages({&good, 1}));
}

TEST(Outages, AreThoseThatTouchTheRange) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  enrolled(*store, 1, "web");
  domain::Outage outage;
  outage.host = domain::HostNumber{1};
  outage.from = at(10);
  outage.to = at(20);
  ASSERT_TRUE(store->save_outages({&outage, 1}));
  outage.from = at(30);
  outage.to.reset();
  ASSERT_TRUE(store->save_outages({&outage, 1}));
  const auto count = [&](int from, int to) { return store->outages(outage.host, at(from), at(to))->size(); };
  EXPECT_EQ(count(0, 9), 0u);
  EXPECT_EQ(count(0, 10), 1u);
  EXPECT_EQ(count(20, 29), 1u);
  EXPECT_EQ(count(21, 29), 0u);
  EXPECT_EQ(count(1000, 2000), 1u);
}

domain::Happening happening(domain::HostNumber host, std::uint64_t id, std::int64_t at) {
  return {.host = host, .id = id, .at = units::from_unix_ms(at), .kind = "boot", .text = "started", .count = 0};
}

TEST(Happenings, ToldTwiceAreKeptOnceAndByTheirTime) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto web = enrolled(*store, 1, "web").number, db = enrolled(*store, 2, "db").number;
  ASSERT_TRUE(store->save_happenings(std::vector{happening(web, ~0ULL, 3'000), happening(web, 5, 1'000)}));
  auto again = happening(web, 5, 9'000);
  ASSERT_TRUE(store->save_happenings(std::vector{again, happening(db, 5, 2'000)}));
  const auto all = store->happenings(web, units::from_unix_ms(0), units::from_unix_ms(10'000));
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ((*all)[0].id, 5U);
  EXPECT_EQ((*all)[0].at, units::from_unix_ms(1'000));
  EXPECT_EQ((*all)[1].id, ~0ULL);
  EXPECT_EQ((*all)[1].text, "started");
  EXPECT_EQ(store->happenings(web, units::from_unix_ms(3'000), units::from_unix_ms(3'000))->size(), 1U);
  ASSERT_TRUE(store->remove(web));
  EXPECT_TRUE(store->happenings(web, units::from_unix_ms(0), units::from_unix_ms(10'000))->empty());
}

TEST(Happenings, OfAHostAreTheNewest) {
  tests::TemporaryDirectory directory;
  auto store = open_store(directory);
  const auto web = enrolled(*store, 1, "web").number;
  std::vector<domain::Happening> all;
  for (std::int64_t n = 1; n <= 1'003; ++n) all.push_back(happening(web, static_cast<std::uint64_t>(n), n));
  ASSERT_TRUE(store->save_happenings(all));
  const auto kept = store->happenings(web, units::from_unix_ms(0), units::from_unix_ms(10'000));
  ASSERT_EQ(kept->size(), domain::HostRecords::kMostHappenings);
  EXPECT_EQ(kept->front().id, 4U);
}

}  // namespace
}  // namespace vedette::control
