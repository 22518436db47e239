// Data directories of collectors of earlier days (tests/golden/directories), opened by this one: all that lay there is
// still there and reads as that collector answered it, in files of the newest schema; those of a newer one are refused.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "schema/sql/migrations.h"
#include "server/control/store.h"
#include "server/history/store.h"
#include "tests/golden/directories.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using nlohmann::json;

// The directory's own time, so that nothing in it is out of date.
class ThatDaysClock final : public domain::Clock {
 public:
  explicit ThatDaysClock(units::Instant now) : now_(now) {}
  [[nodiscard]] units::Instant now() const override { return now_; }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }

 private:
  units::Instant now_;
};

units::Instant instant(const json& seconds) {
  return units::from_unix_ms(std::llround(seconds.get<double>() * 1000));
}

std::string kind_of(const std::string& name) {
  return name.starts_with("raw-") ? "raw" : name;
}

std::span<const sql::Migration> migrations(const std::string& name) {
  const std::string kind = kind_of(name);
  return kind == "raw" ? sql::chunks_migrations()
                       : (kind == "live.db" ? sql::history_migrations() : sql::control_migrations());
}

std::vector<std::string> databases(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".db")) names.push_back(name);
  }
  std::ranges::sort(names);
  return names;
}

std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream in(entry.path(), std::ios::binary);
    files[entry.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
  }
  return files;
}

/// Names of files that differ, or are in one of the two only.
std::vector<std::string> changed(const std::map<std::string, std::string>& before,
                                 const std::map<std::string, std::string>& after) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : before) {
    if (const auto it = after.find(name); it == after.end() || it->second != bytes) names.push_back(name);
  }
  for (const auto& [name, bytes] : after) {
    if (!before.contains(name)) names.push_back(name);
  }
  return names;
}

std::int64_t version(const std::filesystem::path& file) {
  auto database = sqlite::Database::open(file, {.read_only = true});
  return database ? database->scalar("PRAGMA user_version").value_or(0).value_or(0) : 0;
}

std::vector<std::string> column(sqlite::Database& database, const std::string& query) {
  std::vector<std::string> rows;
  auto statement = database.prepare(query);
  EXPECT_TRUE(statement) << statement.error().message;
  while (statement && statement->step().value_or(false)) rows.emplace_back(statement->text(0));
  return rows;
}

/// Every cell of an earlier database by its table's and column's name, as the later one has it under the same names.
void expect_kept(const std::filesystem::path& earlier, const std::filesystem::path& later) {
  auto before = sqlite::Database::open(earlier, {.read_only = true});
  auto after = sqlite::Database::open(later, {.read_only = true});
  ASSERT_TRUE(before && after);
  for (const auto& table : column(*before, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    std::string cells;
    for (const auto& name : column(*before, "SELECT name FROM pragma_table_info('" + table + "')")) {
      cells += (cells.empty() ? "" : " || ',' || ") + ("quote(\"" + name + "\")");
    }
    const std::string query = "SELECT " + cells + " FROM \"" + table + "\" ORDER BY 1";
    EXPECT_EQ(column(*after, query), column(*before, query)) << table;
  }
}

/// One of the kept directories and what its collector answered about it.
struct Golden {
  explicit Golden(std::filesystem::path from) : kept(std::move(from)) { golden::unpack(kept, directory.path()); }

  json answers() const { return json::parse(golden::gunzipped(kept / "answers.json.gz")); }
  units::Result<std::unique_ptr<history::Store>> open_history() const {
    history::Options options;
    options.directory = directory.path();
    options.space.reserve = 0;
    return history::Store::open(options, clock);
  }
  units::Result<std::unique_ptr<control::Store>> open_control() const {
    return control::Store::open(directory / "control.db");
  }

  std::filesystem::path kept;
  tests::TemporaryDirectory directory;
  ThatDaysClock clock{instant(answers()["ended"])};
};

class Upgrade : public testing::TestWithParam<std::filesystem::path> {
 protected:
  Golden golden{GetParam()};
};

TEST_P(Upgrade, BringsEachFileToTheNewestSchemaAndKeepsWhatWasThere) {
  const tests::TemporaryDirectory before;
  golden::unpack(golden.kept, before.path());
  {
    const auto control = golden.open_control();
    ASSERT_TRUE(control) << control.error().message;
    const auto history = golden.open_history();
    ASSERT_TRUE(history) << history.error().message;
  }
  ASSERT_EQ(databases(golden.directory.path()), databases(before.path()));
  for (const auto& name : databases(before.path())) {
    SCOPED_TRACE(name);
    EXPECT_EQ(version(golden.directory / name), migrations(name).back().number);
    expect_kept(before / name, golden.directory / name);
  }
}

TEST_P(Upgrade, HistoryReadsAsItWasAnswered) {
  const auto history = golden.open_history();
  ASSERT_TRUE(history) << history.error().message;
  const json answers = golden.answers();
  domain::HistoryQuery query;
  query.host = domain::HostNumber{1};
  query.from = instant(answers["began"]) - std::chrono::hours(1);
  query.to = instant(answers["ended"]);
  query.totals = true;
  for (const auto& one : answers["history"]["series"]) query.series.push_back({one["name"], std::nullopt});
  const auto answer = (*history)->query(query);
  ASSERT_TRUE(answer) << answer.error().message;
  std::map<std::string, const domain::HistoryColumns*> found;
  for (const auto& columns : answer->series) found[metrics::to_string(columns.series.key)] = &columns;
  for (const auto& one : answers["history"]["series"]) {
    metrics::SeriesKey key{one["name"], {}};
    for (const auto& [name, value] : one["attributes"].items()) key.attributes.push_back({name, value});
    const std::string name = metrics::to_string(key);
    ASSERT_TRUE(found.contains(name)) << name;
    const domain::HistoryColumns& columns = *found[name];
    EXPECT_EQ(columns.series.unit, one["unit"]) << name;
    std::vector<units::Instant> times;
    for (const auto& time : one["t"]) times.push_back(instant(time));
    EXPECT_EQ(columns.t, times) << name;
    EXPECT_EQ(columns.average, one["value"].get<std::vector<double>>()) << name;
  }
  EXPECT_GT(found.size(), 40u);
}

TEST_P(Upgrade, HostsAlertsAndOutagesReadAsTheyWereAnswered) {
  const auto schema = version(golden.directory / "control.db");
  const auto control = golden.open_control();
  ASSERT_TRUE(control) << control.error().message;
  control::Store& store = **control;
  const json answers = golden.answers();
  const json& host = answers["hosts"]["hosts"].at(0);

  const auto hosts = store.hosts();
  ASSERT_TRUE(hosts && hosts->size() == 1);
  EXPECT_EQ(units::to_string(hosts->front().id), host["id"]);
  EXPECT_EQ(hosts->front().name, host["name"]);
  const auto statuses = store.last_statuses();
  ASSERT_TRUE(statuses && statuses->size() == 1);
  EXPECT_EQ(statuses->front().reason, host["reason"]);
  EXPECT_EQ(statuses->front().since, instant(host["since"]));
  const auto facts = store.facts(domain::HostNumber{1});
  ASSERT_TRUE(facts && *facts);
  EXPECT_EQ((*facts)->hostname, "web-07");

  const json& outages = answers["outages"]["outages"];
  const auto stored = store.outages(domain::HostNumber{1}, instant(answers["began"]), golden.clock.now());
  ASSERT_TRUE(stored) << stored.error().message;
  ASSERT_EQ(stored->size(), outages.size());
  for (std::size_t n = 0; n < outages.size(); ++n) {
    const auto& outage = (*stored)[n];
    EXPECT_EQ(outage.from, instant(outages[n]["from"]));
    EXPECT_EQ(outage.to.has_value(), !outages[n]["to"].is_null());
    EXPECT_EQ(outage.reason, outages[n]["reason"]);
    EXPECT_EQ(outage.correction, outages[n]["correction"]);
    EXPECT_EQ(outage.notified, outages[n]["notified"]);
  }

  std::map<std::uint64_t, domain::Alert> alerts;
  const auto listed = store.alerts(100);
  ASSERT_TRUE(listed) << listed.error().message;
  for (const auto& alert : *listed) alerts[alert.id] = alert;
  ASSERT_EQ(alerts.size(), answers["alerts"]["alerts"].size());
  for (const auto& one : answers["alerts"]["alerts"]) {
    const domain::Alert& alert = alerts.at(one["id"]);
    EXPECT_EQ(alert.rule, one["rule"]);
    EXPECT_EQ(domain::name(alert.phase), one["state"].get<std::string>());
    EXPECT_EQ(domain::name(alert.severity), one["severity"].get<std::string>());
    EXPECT_EQ(alert.since, instant(one["since"]));
    EXPECT_EQ(alert.reason, one["reason"]);
    EXPECT_EQ(alert.value, one["value"].is_null() ? std::nullopt : std::optional(one["value"].get<double>()));
    EXPECT_EQ(alert.attributes.size(), one["attributes"].size());
    if (schema == 1) {  // knew neither; that of schema 2 stored both, and answered neither
      EXPECT_EQ(alert.unit, "");
      EXPECT_FALSE(alert.notified_at);
    }
    if (schema >= 3) {
      EXPECT_EQ(alert.unit, one["unit"]);
      EXPECT_EQ(alert.notified_at,
                one.contains("notified_at") ? std::optional(instant(one["notified_at"])) : std::nullopt);
    }
  }
}

TEST_P(Upgrade, PeopleAndTheOutboxGoOn) {
  const auto control = golden.open_control();
  ASSERT_TRUE(control) << control.error().message;
  control::Store& store = **control;
  const auto users = store.users();
  ASSERT_TRUE(users && users->size() == 2);
  EXPECT_EQ(users->front().name, "admin");
  EXPECT_EQ(users->front().role, domain::AccessRole::administrator);
  EXPECT_TRUE(users->front().password.starts_with("$argon2id$"));

  const auto states = store.alert_states();
  ASSERT_TRUE(states) << states.error().message;
  EXPECT_EQ(states->size(), 2u);
  const auto waiting = store.undelivered();
  ASSERT_TRUE(waiting) << waiting.error().message;
  std::set<std::pair<std::string, std::string>> told;
  std::uint32_t attempts = 0;
  for (const auto& delivery : *waiting) {
    told.emplace(delivery.receiver, delivery.notice.alert.rule);
    EXPECT_TRUE(delivery.settled.empty());
    attempts += delivery.attempts;
    EXPECT_EQ(delivery.notice.host_name, "web-07");
    EXPECT_TRUE(store.delivered(delivery.id, "250 taken", golden.clock.now()));
  }
  using Told = std::pair<std::string, std::string>;
  EXPECT_EQ(told, (std::set<Told>{
                      {"chat", "host-down"}, {"chat", "memory-used"}, {"ops", "host-down"}, {"ops", "memory-used"}}));
  EXPECT_GT(attempts, 0u);
  EXPECT_TRUE(store.undelivered().value().empty());
}

TEST_P(Upgrade, ANewerFileIsRefusedAndNothingIsChanged) {
  for (const auto& name : databases(golden.directory.path())) {
    // With a log beside it, and without, as it comes from a copy made by SQLite.
    for (const char* mode : {"WAL", "DELETE"}) {
      SCOPED_TRACE(name + ", journal_mode=" + mode);
      const Golden newer{GetParam()};
      ASSERT_TRUE(newer.open_control() && newer.open_history());
      {
        auto database = sqlite::Database::open(newer.directory / name);
        ASSERT_TRUE(database);
        const std::string number = std::to_string(migrations(name).back().number + 1);
        ASSERT_TRUE(database->execute("PRAGMA user_version = " + number + "; PRAGMA journal_mode = " + mode));
      }
      const auto before = contents(newer.directory.path());
      std::string refusal;
      if (name == "control.db") {
        const auto control = newer.open_control();
        refusal = control ? "" : control.error().message;
      } else {
        const auto history = newer.open_history();
        refusal = history ? "" : history.error().message;
      }
      EXPECT_NE(refusal.find(name), std::string::npos) << refusal;
      EXPECT_NE(refusal.find("was written by a newer version"), std::string::npos) << refusal;
      EXPECT_EQ(changed(before, contents(newer.directory.path())), std::vector<std::string>{});
    }
  }
}

std::string written(const testing::TestParamInfo<std::filesystem::path>& info) {
  std::string name = info.param.filename().string();
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Of, Upgrade, testing::ValuesIn(golden::directories(VEDETTE_SOURCE_DIR)), written);

// Whoever adds a migration keeps what the version before it wrote: tests/golden/README.md says how.
TEST(Golden, HasADatabaseOfEachSchemaBeforeTheNewest) {
  std::map<std::string, std::set<std::int64_t>> kept;
  for (const auto& from : golden::directories(VEDETTE_SOURCE_DIR)) {
    const Golden golden{from};
    for (const auto& name : databases(golden.directory.path())) {
      kept[kind_of(name)].insert(version(golden.directory / name));
    }
  }
  for (const char* name : {"control.db", "live.db", "raw-20261123.db"}) {
    for (const auto& migration : migrations(name)) {
      if (migration.number == migrations(name).back().number) continue;
      EXPECT_TRUE(kept[kind_of(name)].contains(migration.number))
          << "tests/golden/directories has no " << name << " of schema " << migration.number
          << ": README.md there says how to record one";
    }
  }
}

}  // namespace
}  // namespace vedette::app
