// The power fails at any moment: what was acked is there afterwards, because it was synced before.
#include <gtest/gtest.h>

#include <list>

#include "tests/server/history/a_store.h"
#include "tests/server/history/power_vfs.h"

namespace vedette::history {
namespace {

// Rows left of ten, each committed, after a cut at the end.
std::int64_t left_of_ten(const std::string& synchronous) {
  PowerVfs::install();
  const tests::TemporaryDirectory directory, after;
  auto writer = sqlite::Database::open(directory / "a.db", {.vfs = PowerVfs::kName});
  EXPECT_TRUE(writer->make_durable());
  EXPECT_TRUE(writer->execute("CREATE TABLE t(i)"));
  EXPECT_TRUE(writer->execute("PRAGMA synchronous=" + synchronous));
  for (int n = 0; n < 10; ++n) EXPECT_TRUE(writer->execute("INSERT INTO t VALUES(1)"));
  PowerVfs::cut(directory.path(), after.path());
  auto reader = sqlite::Database::open(after / "a.db");
  auto count = reader->scalar("SELECT count(*) FROM t");
  return count ? count->value_or(0) : 0;
}

TEST(PowerCut, LosesCommitsThatWereNotSynced) {
  EXPECT_EQ(left_of_ten("FULL"), 10);
  EXPECT_EQ(left_of_ten("NORMAL"), 0) << "else the test below proves nothing";
  EXPECT_EQ(left_of_ten("OFF"), 0);
}

TEST(PowerCut, BetweenAnyTwoStepsLosesNothingAckedAndDoublesNothing) {
  PowerVfs::install();
  const tests::TemporaryDirectory directory;
  struct Cut {
    tests::TemporaryDirectory after;
    std::uint64_t acked = 0;
  };
  std::list<Cut> cuts;
  std::mutex mutex;
  std::uint64_t acked = 0;
  const auto cut = [&] {
    const std::lock_guard lock(mutex);
    Cut& now = cuts.emplace_back();
    now.acked = acked;
    PowerVfs::cut(directory.path(), now.after.path());
  };
  auto options = options_in(directory.path());
  options.vfs = PowerVfs::kName;
  options.on_step = [&](Step) { cut(); };
  auto store = Store::open(options, kClock);
  ASSERT_TRUE(store) << store.error().message;
  (*store)->on_commit([&](auto marks) {
    const std::lock_guard lock(mutex);
    for (const auto& mark : marks) acked = mark.last;
  });
  (*store)->start();
  announce(**store);
  for (std::uint64_t next = 0; next < 800; next += 40) {
    ASSERT_TRUE((*store)->submit(batch(1, next + 1, static_cast<std::int64_t>(next), 40)));
    ASSERT_TRUE(next % 3 == 0 ? (*store)->seal_all() : (*store)->flush());
    if (next % 5 == 0) {
      ASSERT_TRUE((*store)->build_all());
    }
    cut();
  }
  (*store)->stop();
  ASSERT_GT(cuts.size(), 40U);
  for (const Cut& one : cuts) {
    auto again = opened(options_in(one.after.path()));
    const auto accepted = again->resume_point(kHost, 1);
    ASSERT_GE(accepted, one.acked);
    expect_run(*again, static_cast<std::int64_t>(accepted));
    expect_minutes(*again, static_cast<std::int64_t>(accepted));
    ASSERT_TRUE(again->build_all());
    expect_minutes(*again, static_cast<std::int64_t>(accepted));
  }
}

}  // namespace
}  // namespace vedette::history
