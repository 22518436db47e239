// A router over stores that answer what the test put in.
#pragma once

#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "server/api/history_route.h"
#include "server/api/host_routes.h"
#include "server/api/live_route.h"
#include "server/api/processes_route.h"
#include "server/api/traffic_route.h"
#include "tests/fake_processes.h"
#include "tests/fake_stream.h"
#include "tests/manual_executor.h"

namespace vedette::api {

inline constexpr std::string_view kWebId = "00112233445566778899aabbccddeeff";
inline constexpr std::string_view kNobodysId = "ffffffffffffffffffffffffffffffff";

class FakeGate final : public domain::Gatekeeper {
 public:
  units::Result<domain::Person> person(const domain::RequestHead& head) override {
    if (head.cookies("sid").empty()) return units::fail(units::ErrorCode::unauthorized, "Nobody is logged in.");
    return domain::Person{1, "ann", role, "digest"};
  }
  domain::AccessRole role = domain::AccessRole::viewer;
  units::Result<void> origin(const domain::RequestHead&) override { return {}; }
  units::Result<domain::HostRecord> host(const domain::RequestHead&) override {
    return units::fail(units::ErrorCode::unauthorized, "no key");
  }
};

class FakeDirectory final : public domain::HostDirectory {
 public:
  [[nodiscard]] std::vector<domain::HostView> hosts() const override { return all; }
  [[nodiscard]] std::optional<domain::HostView> host(const units::HostId& id) const override {
    for (const auto& view : all) {
      if (view.record.id == id) return view;
    }
    return std::nullopt;
  }
  std::vector<domain::HostView> all;
};

class FakeRecords final : public domain::HostRecords {
 public:
  [[nodiscard]] units::Result<std::vector<domain::HostRecord>> hosts() override { return {}; }
  [[nodiscard]] units::Result<std::optional<domain::HostRecord>> host(domain::HostNumber) override {
    return std::nullopt;
  }
  units::Result<domain::HostRecord> enrol(const domain::Digest&, const units::HostId&, const std::string&,
                                          const domain::Digest&, units::Instant) override {
    return domain::HostRecord{};
  }
  [[nodiscard]] units::Result<std::optional<domain::HostRecord>> host_by_key(const domain::Digest&) override {
    return std::nullopt;
  }
  units::Result<domain::HostRecord> revoke(const std::string&) override { return domain::HostRecord{}; }
  units::Result<void> remove(domain::HostNumber) override { return {}; }
  units::Result<void> save_facts(std::span<const Facts>) override { return {}; }
  [[nodiscard]] units::Result<std::optional<domain::HostFacts>> facts(domain::HostNumber) override {
    return std::nullopt;
  }
  units::Result<void> save_statuses(std::span<const LastStatus>) override { return {}; }
  [[nodiscard]] units::Result<std::vector<LastStatus>> last_statuses() override { return {}; }
  units::Result<std::vector<std::uint64_t>> save_outages(std::span<const domain::Outage> all) override {
    return std::vector<std::uint64_t>(all.size(), 1);
  }
  [[nodiscard]] units::Result<std::vector<domain::Outage>> outages(domain::HostNumber host, units::Instant from,
                                                                   units::Instant to) override {
    asked = {host, from, to};
    return kept;
  }
  units::Result<void> save_happenings(std::span<const domain::Happening>) override { return {}; }
  [[nodiscard]] units::Result<std::vector<domain::Happening>> happenings(domain::HostNumber host, units::Instant from,
                                                                         units::Instant to) override {
    asked = {host, from, to};
    return happened;
  }

  struct Asked {
    domain::HostNumber host{};
    units::Instant from{}, to{};
  };
  Asked asked;
  std::vector<domain::Outage> kept;
  std::vector<domain::Happening> happened;
};

class FakeHistory final : public domain::HistoryStore {
 public:
  units::Result<std::vector<domain::SeriesNumber>> assign(domain::HostNumber,
                                                          std::span<const metrics::Series>) override {
    return {};
  }
  [[nodiscard]] std::vector<domain::StoredSeries> series(domain::HostNumber) const override { return stored; }
  std::uint32_t boot_number(domain::HostNumber, const std::array<std::uint8_t, 16>&) override { return 1; }
  [[nodiscard]] std::uint32_t newest_boot(domain::HostNumber) const override { return 1; }
  [[nodiscard]] bool submit(domain::SharedBatch) override { return true; }
  [[nodiscard]] std::uint64_t resume_point(domain::HostNumber, std::uint64_t) const override { return 0; }
  void on_commit(Committed) override {}
  [[nodiscard]] units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery& query) const override {
    asked = query;
    asked_all.push_back(query);
    if (during) during();
    const auto of_host = answers.find(query.host);
    return of_host == answers.end() ? answer : of_host->second;
  }
  [[nodiscard]] units::Result<std::vector<domain::CounterIncreases>> increases(
      const domain::IncreaseQuery& query) const override {
    asked_increases = query;
    return counters;
  }
  [[nodiscard]] std::optional<units::Instant> newest(domain::HostNumber) const override { return std::nullopt; }
  [[nodiscard]] bool covered(domain::HostNumber, units::Instant, units::Instant, units::Milliseconds) const override {
    return false;
  }
  [[nodiscard]] domain::HistoryBudget budget() const override { return disk; }
  units::Result<void> forget(domain::HostNumber) override { return {}; }
  [[nodiscard]] std::string trouble() const override { return {}; }
  void stop() override {}

  std::vector<domain::StoredSeries> stored;
  units::Result<domain::HistoryAnswer> answer;
  std::map<domain::HostNumber, units::Result<domain::HistoryAnswer>> answers;  ///< for these hosts instead
  mutable domain::HistoryQuery asked;
  mutable std::vector<domain::HistoryQuery> asked_all;
  std::function<void()> during;  ///< called while a query is answered
  units::Result<std::vector<domain::CounterIncreases>> counters;
  mutable domain::IncreaseQuery asked_increases;
  domain::HistoryBudget disk;
};

class FakeClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(1'795'425'204'083); }
  [[nodiscard]] units::Steady steady() const override { return at; }
  units::Steady at{};
};

using Query = std::vector<std::pair<std::string, std::string>>;

struct ApiBench {
  FakeGate gate;
  FakeDirectory directory;
  FakeRecords records;
  FakeHistory history;
  tests::FakeProcesses processes;
  FakeClock clock;
  Router router{gate, [](const std::function<void()>& task) {
                  task();
                  return true;
                }};

  ApiBench() {
    directory.all.push_back(web());
    add_host_routes(router, {directory, records, history, clock});
    add_processes_route(router, directory, processes, clock);
    add_history_route(router, {directory, history, clock});
    add_traffic_route(router, directory, history, clock, std::chrono::day(15));
  }

  static domain::HostView web() {
    domain::HostView view;
    view.record.number = domain::HostNumber{7};
    view.record.id = units::parse_host_id(kWebId).value();
    view.record.name = "web";
    view.record.tags = {"prod", "eu"};
    view.state.status = domain::HostStatus::up;
    view.state.since = units::from_unix_ms(1'795'425'000'500);
    return view;
  }

  domain::Response ask(const std::string& path, Query query = {}, bool logged_in = true,
                       std::vector<domain::Header> headers = {}) {
    domain::Request request;
    request.head.headers = std::move(headers);
    request.head.method = "GET";
    request.head.path = path;
    request.head.query = std::move(query);
    if (logged_in) request.head.headers.emplace_back("cookie", "sid=1");
    std::optional<domain::Response> answer;
    router.handle(std::move(request), [&](domain::Response response) { answer = std::move(response); });
    if (answer->shared_body) answer->body = *answer->shared_body;
    if (answer->stream) answer->body = streamed_body(*answer->stream);
    return std::move(answer).value();
  }
  /// All of it, as a peer gets it that reads at once.
  static std::string streamed_body(domain::StreamHandler& handler) {
    tests::ManualExecutor loop;
    tests::FakeStream stream(loop);
    handler.on_open(stream);
    while (!stream.finished && !stream.aborted) {
      handler.on_drained();
      loop.run();
    }
    handler.on_end(stream.finished ? "" : domain::kDropped);
    return stream.written + (stream.aborted ? "(cut off)" : "");
  }
  std::string detail(const std::string& path, Query query, int status) {
    const auto answer = ask(path, std::move(query));
    if (answer.status != status) return "status " + std::to_string(answer.status) + ": " + answer.body;
    return nlohmann::json::parse(answer.body)["detail"];
  }
};

}  // namespace vedette::api
