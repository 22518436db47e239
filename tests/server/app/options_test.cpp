#include "server/app/options.h"

#include <gtest/gtest.h>

namespace vedette::app {
namespace {

std::string fault(std::vector<std::string> words) {
  const auto options = parse_options(words);
  return options ? "understood as " + options->command : options.error().message;
}

TEST(Options, RunIsTheDefault) {
  const auto options = parse_options({"--data", "/d", "--listen=127.0.0.1:1"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, "run");
  EXPECT_EQ(options->get("data"), "/d");
  EXPECT_EQ(options->get("listen"), "127.0.0.1:1");
  EXPECT_EQ(parse_options({})->command, "run");
  EXPECT_EQ(parse_options({"run", "--config", "f"})->get("config"), "f");
}

TEST(Options, ReadCommandsOfTwoWordsWithOptionsOnEitherSideOfTheName) {
  const auto options = parse_options({"user", "add", "--role", "viewer", "ann", "--password-stdin", "--data", "/d"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->command, "user add");
  EXPECT_EQ(options->words, std::vector<std::string>{"ann"});
  EXPECT_EQ(options->get("role"), "viewer");
  EXPECT_TRUE(options->has("password-stdin"));
  EXPECT_EQ(parse_options({"user", "role", "ann", "operator"})->words, (std::vector<std::string>{"ann", "operator"}));
}

TEST(Options, SayWhatIsNotUnderstood) {
  EXPECT_EQ(fault({"fly"}), "there is no command \"fly\"; see vedette-server --help");
  EXPECT_EQ(fault({"user", "add"}), "user add needs NAME; see vedette-server user add --help");
  EXPECT_EQ(fault({"user", "role", "ann"}), "user role needs NAME ROLE; see vedette-server user role --help");
  EXPECT_EQ(fault({"user", "role", "ann", "viewer", "x"}),
            "\"x\" is one word too many for user role; see vedette-server user role --help");
  EXPECT_EQ(fault({"backup"}), "backup needs DIR; see vedette-server backup --help");
  EXPECT_EQ(fault({"check", "x"}), "\"x\" is one word too many for check; see vedette-server check --help");
  EXPECT_EQ(fault({"pin", "x"}), "\"x\" is one word too many for pin; see vedette-server pin --help");
  EXPECT_EQ(fault({"pin", "--uses", "1"}), "--uses is not known to pin; see vedette-server pin --help");
  EXPECT_EQ(fault({"pin", "--data"}), "--data needs a value; see vedette-server pin --help");
  EXPECT_EQ(fault({"user", "add", "a", "--password-stdin=x"}),
            "--password-stdin takes no value; see vedette-server user add --help");
}

TEST(Options, ThatWereNotReadFromACommandLineAreCheckedForTheirWords) {
  const auto said = [](const Options& options) {
    const auto right = check_words(options);
    return right ? "right" : right.error().message;
  };
  EXPECT_EQ(said({"user role", {"ann", "viewer"}, {}}), "right");
  EXPECT_EQ(said({"pin", {}, {}}), "right");
  EXPECT_EQ(said({"user role", {"ann"}, {}}), "user role needs NAME ROLE; see vedette-server user role --help");
  EXPECT_EQ(said({"pin", {"x"}, {}}), "\"x\" is one word too many for pin; see vedette-server pin --help");
  EXPECT_EQ(said({"fly", {}, {}}), "there is no command \"fly\"; see vedette-server --help");
}

TEST(Options, HelpIsThereForEveryCommand) {
  EXPECT_EQ(parse_options({"--help"})->command, "help");
  EXPECT_EQ(parse_options({"user", "add", "--help"})->words.front(), "user add");
  EXPECT_EQ(parse_options({"run", "-h"})->words.front(), "run");
  EXPECT_NE(help_text("").find("hosts revoke NAME|ID"), std::string::npos);
  EXPECT_NE(help_text("token create").find("--expires"), std::string::npos);
  EXPECT_EQ(help_text("token create").find("--role"), std::string::npos);
}

}  // namespace
}  // namespace vedette::app
