// The power fails while directories of collectors of earlier days (tests/golden/directories) are brought to today's
// schema: whatever it leaves is brought there by the next start, and answers alike.
#include <gtest/gtest.h>

#include "tests/golden/directories.h"
#include "tests/server/history/crash.h"
#include "tests/server/history/power_cuts.h"

namespace vedette::history {
namespace {

using Answers = std::map<std::string, std::vector<std::pair<units::Instant, double>>>;

// Every sample that there is; none if the store can't be opened.
Answers answers_of(const std::filesystem::path& directory) {
  Answers answers;
  const auto store = Store::open(options_in(directory), kLater);
  EXPECT_TRUE(store) << store.error().message;
  if (!store) return answers;
  domain::HistoryQuery query{.host = HostNumber{1},
                             .series = {},
                             .from = units::from_unix_ms(kStart),
                             .to = kLater.now(),
                             .step = {},
                             .totals = true};
  std::set<std::string> names;
  for (const auto& one : (*store)->series(query.host)) names.insert(one.series.key.name);
  for (const auto& name : names) query.series.push_back({name, std::nullopt});
  const auto answer = (*store)->query(query);
  EXPECT_TRUE(answer) << answer.error().message;
  if (!answer) return answers;
  for (const auto& columns : answer->series) {
    auto& points = answers[metrics::to_string(columns.series.key)];
    for (std::size_t n = 0; n < columns.t.size(); ++n) points.emplace_back(columns.t[n], columns.average[n]);
  }
  return answers;
}

std::list<Cut> cuts_while_opened(const std::filesystem::path& directory, std::uint64_t within) {
  PowerVfs::take_over(directory);
  Cuts cuts(directory, 0, 1, {within, within});
  auto options = options_in(directory);
  options.vfs = PowerVfs::kName;
  EXPECT_TRUE(Store::open(options, kLater));
  cuts.now();
  PowerVfs::forget(directory);
  return std::move(cuts.taken());
}

TEST(PowerCut, WhileAnOldDirectoryIsMigratedLosesNothingThatLayThere) {
  PowerVfs::install();
  // Before each change that the start makes, where there is time for it.
  const std::uint64_t within = std::getenv("VEDETTE_ROUNDS") ? 1 : 12;
  for (const auto& kept : golden::directories(VEDETTE_SOURCE_DIR)) {
    SCOPED_TRACE(kept.filename());
    const tests::TemporaryDirectory directory, pristine;
    golden::unpack(kept, directory.path());
    std::filesystem::remove(directory / "control.db");
    crash::copy_files(directory.path(), pristine.path());
    const Answers expected = answers_of(pristine.path());
    ASSERT_GT(expected.size(), 40U);
    const auto cuts = cuts_while_opened(directory.path(), within);
    EXPECT_GT(cuts.size(), 3U);
    int n = 0;
    for (const Cut& cut : cuts) {
      EXPECT_EQ(crash::damage_in(cut.after.path()), "") << "after cut " << n;
      EXPECT_TRUE(answers_of(cut.after.path()) == expected) << "after cut " << n;
      ++n;
    }
  }
}

}  // namespace
}  // namespace vedette::history
