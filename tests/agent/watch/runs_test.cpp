#include "agent/watch/runs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/temporary_directory.h"

namespace vedette::watch {
namespace {

using wire::GoodbyeReason;

constexpr units::Instant kBooted = units::from_unix_ms(1'795'000'000'000),
                         kNow = units::from_unix_ms(1'795'425'204'083);

wire::Id128 id(std::uint8_t last) {
  wire::Id128 id{};
  id.back() = last;
  return id;
}

std::vector<Happening> told(const std::optional<RunRecord>& before) {
  return at_start(before, {.boot = id(2), .run = id(9), .ended = {}}, kBooted, kNow);
}

TEST(Runs, ComeBackFromTheirText) {
  for (const auto& ended : {std::optional<GoodbyeReason>{}, std::optional(GoodbyeReason::service_stop),
                            std::optional(GoodbyeReason::upgrade), std::optional(GoodbyeReason::host_shutdown),
                            std::optional(GoodbyeReason::reboot)}) {
    const RunRecord run{id(1), id(0xfe), ended};
    const std::string text = to_text(run);
    EXPECT_EQ(parse_run(text), run);
    for (std::size_t size = 0; size < text.size(); ++size) EXPECT_EQ(parse_run(text.substr(0, size)), std::nullopt);
  }
  EXPECT_EQ(parse_run("boot x\nrun y\nrunning\n"), std::nullopt);
}

TEST(Runs, TheFirstTellsNothingNorDoesARestart) {
  EXPECT_TRUE(told({}).empty());
  EXPECT_TRUE(told(RunRecord{id(2), id(8), GoodbyeReason::service_stop}).empty());
}

TEST(Runs, AnAgentThatWasNotStoppedDied) {
  const auto all = told(RunRecord{id(2), id(8), std::nullopt});
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].kind, "agent_died");
  EXPECT_EQ(all[0].at, kNow);
  EXPECT_EQ(all[0].id, id_of(id(8), "died"));
}

TEST(Runs, ABootSaysHowTheMachineWentDown) {
  const auto words = [](std::optional<GoodbyeReason> ended) {
    const auto all = told(RunRecord{id(1), id(8), ended});
    EXPECT_EQ(all.size(), 1U);
    EXPECT_EQ(all.at(0).kind, "boot");
    EXPECT_EQ(all.at(0).at, kBooted);
    EXPECT_EQ(all.at(0).id, id_of(id(2), "boot")) << "one a boot, however often the agent starts in it";
    return all.at(0).text;
  };
  EXPECT_NE(words({}).find("without a shutdown"), std::string::npos);
  EXPECT_NE(words(GoodbyeReason::reboot).find("after a reboot"), std::string::npos);
  EXPECT_NE(words(GoodbyeReason::host_shutdown).find("after a shutdown"), std::string::npos);
  EXPECT_NE(words(GoodbyeReason::service_stop).find("had been stopped"), std::string::npos);
}

TEST(RunFile, IsReplacedWholeAndReadBack) {
  const tests::TemporaryDirectory directory;
  const RunFile file(directory.path().string());
  EXPECT_EQ(file.read(), std::nullopt);
  const RunRecord first{id(1), id(2), std::nullopt}, second{id(1), id(2), GoodbyeReason::reboot};
  ASSERT_TRUE(file.write(first));
  EXPECT_EQ(file.read(), first);
  ASSERT_TRUE(file.write(second));
  EXPECT_EQ(file.read(), second);
  const auto mode = std::filesystem::status(directory / "run").permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST(RunFile, SaysWhyItCannotBeWritten) {
  const tests::TemporaryDirectory directory;
  const auto done = RunFile((directory / "away").string()).write({});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message.find((directory / "away/run").string()), std::string::npos) << done.error().message;
}

}  // namespace
}  // namespace vedette::watch
