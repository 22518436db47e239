#include "server/api/alerts.h"

#include <gtest/gtest.h>

#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

struct Records final : domain::AlertRecords {
  units::Result<std::vector<domain::Alert>> kept;
  units::Result<std::vector<State>> alert_states() override { return std::vector<State>{}; }
  units::Result<void> commit(const Change&) override { return {}; }
  units::Result<std::uint64_t> last_alert_id() override { return 0; }
  units::Result<std::vector<domain::Alert>> alerts(std::size_t) override { return kept; }
  units::Result<std::vector<domain::Delivery>> undelivered() override { return std::vector<domain::Delivery>{}; }
  units::Result<void> delivered(std::uint64_t, const std::string&, units::Instant) override { return {}; }
  units::Result<void> failed(std::uint64_t, const std::string&, units::Instant,
                             const std::vector<std::string>&) override {
    return {};
  }
  units::Result<void> give_up(std::uint64_t, const std::string&, units::Instant) override { return {}; }
};

struct Directory final : domain::HostDirectory {
  std::vector<domain::HostView> hosts() const override {
    domain::HostView view;
    view.record.number = domain::HostNumber{7};
    view.record.id.bytes[0] = 0xab;
    return {view};
  }
  std::optional<domain::HostView> host(const units::HostId&) const override { return std::nullopt; }
};

struct Bench {
  FakeGate gate;
  Records records;
  Directory directory;
  Router router{gate, [](std::function<void()> task) {
                  task();
                  return true;
                }};
  Bench() { add_alert_routes(router, records, directory); }

  domain::Response get(bool logged_in = true) {
    domain::Request request;
    request.head.method = "GET";
    request.head.path = "/api/v1/alerts";
    if (logged_in) request.head.headers = {{"cookie", "sid=x"}};
    domain::Response answer;
    router.handle(request, [&](domain::Response r) { answer = std::move(r); });
    return answer;
  }
};

TEST(Alerts, AreListedWithTheFieldsOfTheDescription) {
  Bench bench;
  domain::Alert alert;
  alert.id = 3;
  alert.rule = "cpu";
  alert.host = domain::HostNumber{7};
  alert.attributes = {{"cpu", "0"}};
  alert.phase = domain::Phase::firing;
  alert.since = units::from_unix_ms(1'795'000'000'083);
  alert.value = 0.97;
  alert.reason = "CPU 97 %";
  alert.unit = "1";
  alert.notified_at = units::from_unix_ms(1'795'000'060'500);
  domain::Alert valueless = alert;
  valueless.value.reset();
  bench.records.kept = std::vector{alert, valueless};
  const auto answer = bench.get();
  EXPECT_EQ(answer.status, 200);
  const auto all = nlohmann::json::parse(answer.body).at("alerts");
  const nlohmann::json expected = {{"id", 3},
                                   {"rule", "cpu"},
                                   {"host", "ab000000000000000000000000000000"},
                                   {"attributes", {{"cpu", "0"}}},
                                   {"state", "firing"},
                                   {"severity", "warning"},
                                   {"since", 1795000000.083},
                                   {"value", 0.97},
                                   {"unit", "1"},
                                   {"notifies_at", nullptr},
                                   {"notified_at", 1795000060.5},
                                   {"reason", "CPU 97 %"}};
  EXPECT_EQ(all[0], expected);
  alert.since = units::from_unix_ms(1'795'000'000'000);
  bench.records.kept = std::vector{alert};
  EXPECT_NE(bench.get().body.find(R"("since":1795000000.000,)"), std::string::npos) << "three decimals";
  EXPECT_TRUE(all[1].at("value").is_null());
}

TEST(Alerts, OfAHostThatNobodyKnowsAreLeftOut) {
  Bench bench;
  domain::Alert alert;
  alert.host = domain::HostNumber{8};
  bench.records.kept = std::vector{alert};
  EXPECT_EQ(bench.get().body, R"({"alerts":[]})");
}

TEST(Alerts, NeedALoginAndAWorkingDisk) {
  Bench bench;
  EXPECT_EQ(bench.get(false).status, 401);
  bench.records.kept = units::fail(units::ErrorCode::io, "secret path");
  EXPECT_EQ(bench.get().status, 500);
  EXPECT_EQ(bench.get().body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace vedette::api
