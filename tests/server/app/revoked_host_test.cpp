// A revoked host through the real stores, fleet, alerts and routes: it is gone from the list, what it left behind
// isn't.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "schema/metrics/catalogue.h"
#include "server/alerts/engine.h"
#include "server/api/alerts.h"
#include "server/app/control_thread.h"
#include "server/app/host_removal.h"
#include "server/control/store.h"
#include "server/fleet/fleet.h"
#include "server/history/store.h"
#include "server/processes/store.h"
#include "tests/server/api/api_bench.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

struct SilentBus final : domain::LiveBus {
  void header(std::string_view, std::string) override {}
  void publish(std::string_view, std::string_view, std::string, bool) override {}
  void retire(std::string_view, std::string_view) override {}
  bool watched(std::string_view) const override { return false; }
};

history::Options in(const std::filesystem::path& directory) {
  history::Options options;
  options.directory = directory;
  return options;
}

/// What a collector is made of, without its network. Made anew it reads what the last one left.
struct Parts {
  explicit Parts(const std::filesystem::path& directory)
      : store(std::move(*control::Store::open(directory / "control.db"))),
        history(std::move(*history::Store::open(in(directory), clock))),
        processes({.directory = directory, .commit_every = 1ms}, clock) {
    history->start();
    processes.on_stored([this](domain::HostNumber, std::uint64_t) {
      stored = true;
      stored.notify_all();
    });
    processes.start();
    control.run_and_wait([this] {
      EXPECT_TRUE(engine.load());
      EXPECT_TRUE(fleet.start());
    });
    api::add_host_routes(router, {fleet.directory(), *store, *history, clock});
    api::add_processes_route(router, fleet.directory(), processes, clock);
    api::add_history_route(router, {fleet.directory(), *history, clock});
    api::add_alert_routes(router, *store, fleet.directory());
  }
  ~Parts() {
    control.stop();
    processes.stop();
    history->stop();
  }

  domain::Response ask(const std::string& method, const std::string& path, api::Query query = {}) {
    domain::Request request;
    request.head.method = method;
    request.head.path = path;
    request.head.query = std::move(query);
    request.head.headers = {{"cookie", "sid=1"}, {"x-requested-with", "vedette"}};
    domain::Response answer;
    router.handle(std::move(request), [&](domain::Response response) { answer = std::move(response); });
    return answer;
  }
  json get(const std::string& path, api::Query query = {}) {
    const auto answer = ask("GET", path, std::move(query));
    EXPECT_EQ(answer.status, 200) << path;
    return json::parse(answer.shared_body ? *answer.shared_body : answer.body);
  }
  /// A host that was up, has a tick and a firing alert.
  domain::HostRecord host_with_a_past() {
    const domain::Digest token(32, 't'), key(32, 'k');
    units::HostId id;
    id.bytes.fill(0xab);
    EXPECT_TRUE(store->add_token(token, 1, clock.now() + 1h));
    auto record = store->enrol(token, id, "web", key, clock.now());
    EXPECT_TRUE(record);
    const auto series = history->assign(record->number, std::vector{metrics::series_of("system.cpu.load_average.1m")});
    EXPECT_TRUE(series);
    auto batch = std::make_shared<domain::Batch>();
    batch->host = record->number;
    batch->stream = batch->first = 1;
    batch->ticks = {{clock.now(), 1, {metrics::integer(150)}}};
    EXPECT_TRUE(history->submit(batch));
    EXPECT_TRUE(
        processes.submit(record->number, 1, {.at = clock.now(), .span = 60s, .count = 1, .top = {{1, "init"}}}));
    stored.wait(false);
    control.run_and_wait([&] {
      domain::seen::Welcomed welcomed;
      welcomed.boot = 1;
      fleet.on_sighting(record->number, clock.now(), welcomed);
      fleet.on_sighting(record->number, clock.now(), domain::seen::Silent{});
    });
    return *record;
  }

  domain::SystemClock clock;
  std::unique_ptr<control::Store> store;
  std::unique_ptr<history::Store> history;
  std::atomic<bool> stored = false;  ///< its list of processes
  processes::Store processes;
  ControlThread control{clock};
  SilentBus bus;
  alerts::Engine engine{{}, *store, bus, fleet, clock};
  fleet::Fleet fleet{{*store, *history, bus, engine, control, clock}};
  api::FakeGate gate;
  api::Router router{gate, [](const std::function<void()>& task) {
                       task();
                       return true;
                     }};
};

void expect_its_past(Parts& parts, const std::string& id) {
  EXPECT_THAT(parts.get("/api/v1/hosts")["hosts"], testing::IsEmpty());
  const json host = parts.get("/api/v1/hosts/" + id);
  EXPECT_EQ(host["name"], "web");
  EXPECT_EQ(host["status"], "stopped");
  EXPECT_EQ(host["reason"], "revoked");
  EXPECT_FALSE(host["last_tick"].is_null());
  EXPECT_EQ(parts.get("/api/v1/hosts/" + id + "/series")["series"].size(), 1u);
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(parts.clock.now().time_since_epoch()).count();
  const json history = parts.get("/api/v1/history", {{"host", id},
                                                     {"series", "system.cpu.load_average.1m"},
                                                     {"from", std::to_string(now - 3600)},
                                                     {"to", std::to_string(now + 60)},
                                                     {"step", "0"}});
  EXPECT_EQ(parts.get("/api/v1/hosts/" + id + "/processes")["processes"].size(), 1u);
  ASSERT_EQ(history["series"].size(), 1u);
  EXPECT_EQ(history["series"][0]["value"].size(), 1u);
  const json alerts = parts.get("/api/v1/alerts")["alerts"];
  ASSERT_EQ(alerts.size(), 1u);
  EXPECT_EQ(alerts[0]["host"], id);
  EXPECT_EQ(alerts[0]["state"], "resolved");
  EXPECT_FALSE(parts.get("/api/v1/hosts/" + id + "/outages")["outages"].at(0)["to"].is_null());
}

TEST(RevokedHost, LeavesTheListButNotItsHistoryAndAlertsAlsoAfterARestart) {
  tests::TemporaryDirectory directory;
  std::string id;
  {
    Parts parts(directory.path());
    const auto record = parts.host_with_a_past();
    id = units::to_string(record.id);
    EXPECT_EQ(parts.get("/api/v1/hosts")["hosts"].size(), 1u);
    ASSERT_TRUE(parts.store->revoke("web"));
    parts.fleet.on_host_revoked(record.number);
    parts.control.run_and_wait([] {});
    parts.control.stop();  // the fleet's ledger writes soon, at the latest when it ends
  }
  Parts parts(directory.path());
  expect_its_past(parts, id);
}

TEST(RevokedHost, CanBeLookedAtAtOnce) {
  tests::TemporaryDirectory directory;
  Parts parts(directory.path());
  const auto record = parts.host_with_a_past();
  ASSERT_TRUE(parts.store->revoke("web"));
  parts.fleet.on_host_revoked(record.number);
  const std::string id = units::to_string(record.id);
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  const auto ended = [&] {
    const json outages = parts.get("/api/v1/hosts/" + id + "/outages")["outages"];
    return !outages.empty() && !outages[0]["to"].is_null();
  };
  while (!ended() && std::chrono::steady_clock::now() < deadline) parts.control.run_and_wait([] {});
  expect_its_past(parts, id);
}

TEST(DeletedHost, IsGoneWithItsHistory) {
  tests::TemporaryDirectory directory;
  Parts parts(directory.path());
  const auto record = parts.host_with_a_past();
  const std::string id = units::to_string(record.id);
  ASSERT_EQ(parts.get("/api/v1/hosts/" + id)["name"], "web");
  ASSERT_EQ(parts.get("/api/v1/hosts/" + id + "/processes")["processes"].size(), 1u);
  HostRemoval removal(*parts.store, *parts.history, parts.processes, &parts.fleet);
  api::add_host_removal_route(parts.router, parts.fleet.directory(), removal);
  EXPECT_EQ(parts.ask("DELETE", "/api/v1/hosts/" + id).status, 403) << "a viewer may not";
  parts.gate.role = domain::AccessRole::administrator;
  EXPECT_EQ(parts.ask("DELETE", "/api/v1/hosts/" + id).status, 204);
  parts.control.run_and_wait([] {});
  EXPECT_THAT(parts.get("/api/v1/hosts")["hosts"], testing::IsEmpty());
  EXPECT_EQ(parts.ask("GET", "/api/v1/hosts/" + id).status, 404);
  EXPECT_EQ(parts.ask("DELETE", "/api/v1/hosts/" + id).status, 404);
  EXPECT_THAT(parts.history->series(record.number), testing::IsEmpty());
  EXPECT_EQ(parts.history->newest(record.number), std::nullopt);
  const auto now = parts.clock.now();
  EXPECT_TRUE(parts.processes.lists(record.number, now - 1h, now)->empty());
  EXPECT_THAT(*parts.store->hosts(), testing::IsEmpty());
}

TEST(DeletedHost, OneThatNobodyKnowsIsNotFound) {
  tests::TemporaryDirectory directory;
  Parts parts(directory.path());
  HostRemoval removal(*parts.store, *parts.history, parts.processes, nullptr);
  const auto refused = removal.remove("nobody");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, units::ErrorCode::not_found);
}

}  // namespace
}  // namespace vedette::app
