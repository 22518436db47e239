#include "server/config/table.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/temporary_directory.h"

namespace vedette::config {
namespace {

/// Reads a [server] table of text, number, flag, duration, size, list and choice; returns the faults.
std::string faults_of(std::string_view text) {
  auto file = File::parse(text, "server.toml");
  if (!file) return file.error().message;
  Table server = file->table("server");
  (void)server.text("data");
  (void)server.number("limit");
  (void)server.flag("on");
  (void)server.duration("hold");
  (void)server.bytes("budget");
  (void)server.texts("origins");
  (void)server.choice("role", {"viewer", "operator"});
  server.finish();
  for (Table& rule : file->tables("rule")) {
    rule.require("name", "\"busy\"");
    rule.finish();
  }
  return file->finish().joined();
}

TEST(Table, AcceptsWhatItShould) {
  EXPECT_EQ(
      faults_of("[server]\ndata = \"x\"\nlimit = 1\non = true\nhold = \"60s\"\nbudget = \"10GB\"\norigins = [\"a\"]\n"
                "role = \"viewer\"\n[[rule]]\nname = \"busy\"\n"),
      "");
  EXPECT_EQ(faults_of(""), "");
}

struct Case {
  const char* text;
  const char* fault;
};

const Case kFaulty[] = {
    {"[server]\n\nlistne = \"x\"\n",
     "server.toml:3: server.listne is not known here; allowed: budget, data, hold, "
     "limit, on, origins, role"},
    {"[sever]\ndata = \"x\"\n", "server.toml:1: sever is not known here; allowed: rule, server"},
    {"[server]\ndata = 7\n", "server.toml:2: server.data must be text in quotes"},
    {"[server]\nlimit = \"7\"\n", "server.toml:2: server.limit must be a number"},
    {"[server]\non = 1\n", "server.toml:2: server.on must be true or false"},
    {"[server]\nhold = 60\n", "server.toml:2: server.hold must be text in quotes"},
    {"[server]\nhold = \"60 s\"\n",
     "server.toml:2: server.hold is \"60 s\"; it must be a span like \"500ms\", "
     "\"60s\", \"15m\", \"1h\" or \"14d\""},
    {"[server]\nbudget = \"10 gigs\"\n",
     "server.toml:2: server.budget must be a size like \"10GB\", \"500MB\" or a whole number of bytes"},
    {"[server]\nbudget = -1\n",
     "server.toml:2: server.budget must be a size like \"10GB\", \"500MB\" or a whole number of bytes"},
    {"[server]\nbudget = \"99999999999999TB\"\n",
     "server.toml:2: server.budget must be a size like \"10GB\", \"500MB\" or a whole number of bytes"},
    {"[server]\norigins = [1]\n", "server.toml:2: server.origins must be a list of texts: [\"a\", \"b\"]"},
    {"[server]\nrole = \"root\"\n", "server.toml:2: server.role is \"root\"; allowed: operator, viewer"},
    {"server = 1\n", "server.toml:1: server must be a table: [server]"},
    {"[rule]\nname = \"x\"\n", "server.toml:1: rule must be written [[rule]]"},
    {"[[rule]]\nname = \"a\"\n[[rule]]\n", "server.toml:3: rule.name is missing; for example name = \"busy\""},
    {"[server]\ndata = 7\non = 1\n",
     "server.toml:2: server.data must be text in quotes\nserver.toml:3: server.on must be true or false"},
};

TEST(Table, NamesFileLineKeyAndWhatIsAllowed) {
  for (const Case& one : kFaulty) EXPECT_EQ(faults_of(one.text), one.fault);
}

TEST(File, SaysWhereTheSyntaxBreaks) {
  const std::string words = faults_of("[server]\ndata = \n");
  EXPECT_TRUE(words.starts_with("server.toml:2:")) << words;
}

TEST(File, SaysWhichFileCannotBeRead) {
  const auto file = File::read("/nowhere/server.toml");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, units::ErrorCode::io);
  EXPECT_NE(file.error().message.find("/nowhere/server.toml"), std::string::npos);
}

TEST(File, IsARegularFile) {
  const tests::TemporaryDirectory directory;
  const auto folder = File::read(directory.path());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().message, directory.path().string() + " is a directory; it must be a TOML file");
  EXPECT_EQ(File::read("/dev/null").error().message, "/dev/null is no regular file; it must be a TOML file");
  std::ofstream(directory / "empty.toml").flush();
  EXPECT_TRUE(File::read(directory / "empty.toml"));
}

TEST(Table, RefusesNumbersAndSpansThatNothingCanMean) {
  EXPECT_EQ(faults_of("[server]\nlimit = nan\n"), "server.toml:2: server.limit is nan; it must be a finite number");
  EXPECT_EQ(faults_of("[server]\nlimit = -inf\n"), "server.toml:2: server.limit is -inf; it must be a finite number");
  EXPECT_EQ(faults_of("[server]\nhold = \"99999999999d\"\n"),
            "server.toml:2: server.hold is \"99999999999d\"; it must be at most \"3650d\"");
  EXPECT_EQ(faults_of("[server]\nhold = \"3650d\"\n"), "");
  EXPECT_NE(faults_of("[server]\nhold = \"99999999999999999999d\"\n").find("must be a span"), std::string::npos);
}

TEST(Table, ReadsSizesAndSpansInBaseUnits) {
  auto file = File::parse("[a]\nx = \"10GB\"\ny = 5\nz = \"15m\"\n", "f");
  Table table = file->table("a");
  EXPECT_EQ(table.bytes("x"), 10'000'000'000u);
  EXPECT_EQ(table.bytes("y"), 5u);
  EXPECT_EQ(table.duration("z"), std::chrono::minutes(15));
}

}  // namespace
}  // namespace vedette::config
