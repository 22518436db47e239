#include "server/app/collector.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <optional>
#include <set>

#include "server/app/data_lock.h"
#include "tests/server/app/a_collector.h"

namespace vedette::app {
namespace {

TEST(Collector, StartsStopsAndStartsAgainOnTheSameData) {
  Bench bench;
  auto first = bench.start();
  const std::string pin = first->pin();
  EXPECT_NE(first->port(), 0);
  EXPECT_TRUE(first->alive());
  first.reset();
  EXPECT_EQ(bench.start()->pin(), pin);
}

TEST(Collector, AnswersCommandsThroughItsSocketOnlyForItsOwner) {
  Bench bench;
  auto collector = bench.start();
  struct stat status{};
  ASSERT_EQ(::stat((bench.directory / "data/control.sock").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(*bench.ask({"pin", {}, {}}), collector->pin() + "\n");
  EXPECT_TRUE(bench.ask({"user add", {"ann"}, {{"role", "viewer"}, {"password-stdin", ""}}}, "correct horse"));
  const auto again = bench.ask({"user add", {"ann"}, {{"role", "viewer"}, {"password-stdin", ""}}}, "correct horse");
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message.find("\"ann\" already"), std::string::npos);
  EXPECT_FALSE(bench.ask({"fly", {}, {}}));
  collector->stop();
  EXPECT_EQ(bench.ask({"pin", {}, {}}).error().message, "nobody");
}

TEST(Collector, RefusesCommandsWithTooFewOrTooManyWords) {
  Bench bench;
  auto collector = bench.start();
  const auto refusal = [&](const Options& options) {
    const auto said = bench.ask(options, "correct horse");
    return said ? "done: " + *said : said.error().message;
  };
  const std::map<std::string, std::string> role = {{"role", "viewer"}, {"password-stdin", ""}};
  EXPECT_EQ(refusal({"user role", {"x"}, {}}), "user role needs NAME ROLE; see vedette-server user role --help");
  for (const char* command :
       {"user add", "user remove", "user role", "user password", "hosts revoke", "hosts delete", "receivers test"}) {
    const std::string words = refusal({command, {}, role});
    EXPECT_TRUE(words.starts_with(std::string(command) + " needs NAME")) << words;
  }
  EXPECT_TRUE(refusal({"user add", {"ann", "ben"}, role}).starts_with("\"ben\" is one word too many for user add"));
  EXPECT_EQ(refusal({"pin", {}, {}}), "done: " + collector->pin() + "\n") << "it runs on";
}

TEST(Collector, IsTheOnlyOneOnItsData) {
  Bench bench;
  auto collector = bench.start();
  EXPECT_NE(bench.refusal(bench.settings()).find("another vedette-server uses"), std::string::npos);
}

TEST(Collector, WaitsForACommandThatHoldsItsDataForAMoment) {
  Bench bench;
  std::optional<DataLock> command(std::move(*DataLock::take(bench.settings().data)));
  auto started = std::async(std::launch::async, [&] { return bench.refusal(bench.settings()); });
  EXPECT_EQ(started.wait_for(std::chrono::milliseconds(100)), std::future_status::timeout) << "it waits";
  command.reset();
  EXPECT_EQ(started.get(), "started");
}

TEST(Collector, SaysWhenThePortIsInUse) {
  Bench bench;
  Bench other;
  auto collector = bench.start();
  auto settings = other.settings();
  settings.net.port = collector->port();
  const std::string words = other.refusal(settings);
  EXPECT_NE(words.find("in use"), std::string::npos) << words;
  EXPECT_NE(words.find(std::to_string(collector->port())), std::string::npos) << words;
}

TEST(Collector, RefusesADamagedDatabaseAndLeavesItAlone) {
  Bench bench;
  bench.start().reset();
  const auto file = bench.directory / "data/control.db";
  std::filesystem::resize_file(file, 4096);
  const std::string words = bench.refusal(bench.settings());
  EXPECT_NE(words.find("control.db"), std::string::npos) << words;
  EXPECT_NE(words.find("restore it from a backup"), std::string::npos) << words;
  EXPECT_EQ(words.find('\n'), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(file), 4096u);
}

TEST(Collector, RefusesACertificateItCannotRead) {
  Bench bench;
  auto settings = bench.settings();
  settings.certificate = bench.directory / "none.crt";
  settings.key = bench.directory / "none.key";
  EXPECT_NE(bench.refusal(settings).find("none.crt: cannot be read"), std::string::npos);
}

TEST(Collector, RefusesAMetricsTokenTooShortToBeOne) {
  Bench bench;
  auto settings = bench.settings();
  settings.metrics_token_file = bench.directory / "token";
  std::ofstream(settings.metrics_token_file) << "short\n";
  EXPECT_NE(bench.refusal(settings).find("at least 16 characters"), std::string::npos);
}

/// "GET /api/v1/hosts" for every path and method of the OpenAPI file, which is indented by two spaces a level.
std::set<std::string> described() {
  std::ifstream in(std::string(VEDETTE_SOURCE_DIR) + "/schema/api/openapi.yaml");
  std::set<std::string> out;
  std::string line, path;
  bool paths = false;
  while (std::getline(in, line)) {
    if (!line.empty() && line[0] != ' ') paths = line == "paths:";
    if (!paths) continue;
    if (line.starts_with("  /") && line.ends_with(':')) path = line.substr(2, line.size() - 3);
    for (const std::string method : {"get", "post", "put", "delete", "patch"}) {
      if (line != "    " + method + ":") continue;
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
      out.insert(upper + " " + path);
    }
  }
  return out;
}

/// The operations under `paths:` that don't say which statuses they may answer with.
std::string silent_about(const std::string& status) {
  std::ifstream in(std::string(VEDETTE_SOURCE_DIR) + "/schema/api/openapi.yaml");
  std::string line, operation, silent;
  bool said = true;
  while (std::getline(in, line) && line != "components:") {
    if (line.starts_with("      operationId: ")) {
      if (!said) silent += operation + " ";
      operation = line.substr(19);
      said = false;
    }
    said = said || line == "        \"" + status + "\":";
  }
  return said ? silent : silent + operation;
}

TEST(Routes, AreTheOnesThatOpenApiDescribes) {
  Bench bench;
  auto collector = bench.start();
  std::set<std::string> served;
  for (const auto& route : collector->router().routes()) served.insert(route.method + " " + route.pattern);
  for (const auto& route : collector->router().upgrade_routes()) served.insert("GET " + route.pattern);
  EXPECT_GT(served.size(), 10u);
  EXPECT_EQ(served, described());
}

TEST(Routes, SayInOpenApiThatEachMayBeTooBusy) {
  EXPECT_EQ(silent_about("503"), "");
}

}  // namespace
}  // namespace vedette::app
