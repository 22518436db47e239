#include "server/api/backup_routes.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "server/api/backup_json.h"
#include "tests/server/api/api_bench.h"

namespace vedette::api {
namespace {

using domain::AccessRole;
using domain::BackupPhase;
using domain::BackupState;
using nlohmann::json;

class FakeBackups final : public domain::Backups {
 public:
  units::Result<BackupState> start(const std::string& person) override {
    asked += "start " + person + ";";
    if (refusal.empty()) return now;
    return units::fail(units::ErrorCode::conflict, refusal);
  }
  [[nodiscard]] BackupState state() const override { return now; }
  units::Result<void> stop(const std::string& person) override {
    asked += "stop " + person + ";";
    if (refusal.empty()) return {};
    return units::fail(units::ErrorCode::conflict, refusal);
  }
  BackupState now;
  std::string refusal, asked;
};

struct Bench {
  FakeGate gate;
  FakeBackups backups;
  Router router{gate, [](const std::function<void()>& task) {
                  task();
                  return true;
                }};
  Bench() {
    gate.role = AccessRole::administrator;
    add_backup_routes(router, backups);
    backups.now.phase = BackupPhase::running;
    backups.now.directory = "/mnt/backup";
    backups.now.began = units::from_unix_ms(1'795'425'204'083);
    backups.now.progress = {.files = {1, 3}, .bytes = {10, 300}, .file = "raw-20261124.db", .doing = "copying"};
  }
  domain::Response ask(const std::string& method,
                       std::vector<domain::Header> headers = {{"cookie", "sid=1"}, {"x-requested-with", "vedette"}}) {
    domain::Request request;
    request.head.method = method;
    request.head.path = "/api/v1/backup";
    request.head.headers = std::move(headers);
    domain::Response answer;
    router.handle(std::move(request), [&](domain::Response response) { answer = std::move(response); });
    return answer;
  }
};

TEST(BackupRoutes, BeginTellAndStop) {
  Bench bench;
  const auto begun = bench.ask("POST");
  EXPECT_EQ(begun.status, 202);
  const std::string running =
      R"({"state":"running","directory":"/mnt/backup","began":1795425204.083,"ended":null,"files":{"done":1,"total":3},)"
      R"("bytes":{"done":10,"total":300},"file":"raw-20261124.db","doing":"copying","message":null,"damage":[]})";
  EXPECT_EQ(begun.body, running);
  EXPECT_EQ(bench.ask("GET").status, 200);
  EXPECT_EQ(bench.ask("GET").body, running);
  EXPECT_EQ(bench.ask("DELETE").status, 204);
  EXPECT_EQ(bench.backups.asked, "start ann;stop ann;");
}

TEST(BackupRoutes, AnswerWithAProblemWhereItCantBe) {
  Bench bench;
  bench.backups.refusal = "No backup can be made.";
  for (const char* method : {"POST", "DELETE"}) {
    const auto refused = bench.ask(method);
    EXPECT_EQ(refused.status, 409) << method;
    EXPECT_EQ(json::parse(refused.body)["detail"], "No backup can be made.") << method;
  }
}

TEST(BackupRoutes, AreForAdministratorsOnOurOwnPageOnly) {
  Bench bench;
  for (const char* method : {"POST", "GET", "DELETE"}) {
    bench.gate.role = AccessRole::administrator;
    EXPECT_EQ(bench.ask(method, {}).status, 401) << method;
    for (const AccessRole role : {AccessRole::viewer, AccessRole::operator_}) {
      bench.gate.role = role;
      EXPECT_EQ(bench.ask(method).status, 403) << method;
    }
  }
  bench.gate.role = AccessRole::administrator;
  EXPECT_EQ(bench.ask("POST", {{"cookie", "sid=1"}}).status, 403) << "without X-Requested-With";
  EXPECT_EQ(bench.ask("DELETE", {{"cookie", "sid=1"}}).status, 403) << "without X-Requested-With";
  EXPECT_EQ(bench.backups.asked, "");
}

TEST(BackupJson, SaysNullForWhatIsntKnownAndRepairsWhatIsntText) {
  const json nothing = json::parse(to_json({}));
  EXPECT_EQ(nothing["state"], "none");
  for (const char* key : {"directory", "began", "ended", "file", "doing", "message"}) {
    EXPECT_TRUE(nothing.at(key).is_null()) << key;
  }
  BackupState state;
  state.directory = "/mnt/\xff";
  state.damage = {"a \"b\"", "\xfe"};
  const json repaired = json::parse(to_json(state));
  EXPECT_EQ(repaired["directory"], "/mnt/\xef\xbf\xbd");
  EXPECT_EQ(repaired["damage"], (json{"a \"b\"", "\xef\xbf\xbd"}));
}

}  // namespace
}  // namespace vedette::api
