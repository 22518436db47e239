// The power fails at any moment: what was acked is there afterwards, because it was synced before. VEDETTE_ROUNDS makes
// it many (tests/soak).
#include <gtest/gtest.h>

#include "schema/chunk/chunk.h"
#include "server/history/rows.h"
#include "tests/server/history/crash.h"
#include "tests/server/history/power_cuts.h"

namespace vedette::history {
namespace {

// Rows left of ten, each committed, after a cut at the end.
std::int64_t left_of_ten(const std::string& synchronous, std::uint64_t seed) {
  PowerVfs::install();
  const tests::TemporaryDirectory directory, after;
  {
    auto writer = sqlite::Database::open(directory / "a.db", {.vfs = PowerVfs::kName});
    EXPECT_TRUE(writer->make_durable());
    EXPECT_TRUE(writer->execute("CREATE TABLE t(i)"));
    EXPECT_TRUE(writer->execute("PRAGMA synchronous=" + synchronous));
    for (int n = 0; n < 10; ++n) EXPECT_TRUE(writer->execute("INSERT INTO t VALUES(1)"));
    Random random(seed);
    PowerVfs::cut(directory.path(), after.path(), random);
  }
  PowerVfs::forget(directory.path());
  auto reader = sqlite::Database::open(after / "a.db");
  auto count = reader->scalar("SELECT count(*) FROM t");
  return count ? count->value_or(0) : 0;
}

TEST(PowerCut, LosesCommitsThatWereNotSynced) {
  std::set<std::int64_t> normal, off;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(left_of_ten("FULL", seed), 10);
    normal.insert(left_of_ten("NORMAL", seed));
    off.insert(left_of_ten("OFF", seed));
  }
  // All, none and some of them, or the tests below prove nothing.
  for (const auto& left : {normal, off}) {
    EXPECT_TRUE(left.contains(10) && left.contains(0));
    EXPECT_GT(left.size(), 2U);
  }
}

TEST(PowerCut, BringsNoRemovedFileBack) {
  PowerVfs::install();
  const tests::TemporaryDirectory directory;
  {
    auto database = sqlite::Database::open(directory / "a.db", {.vfs = PowerVfs::kName});
    ASSERT_TRUE(database->make_durable() && database->execute("CREATE TABLE t(i)"));
    ASSERT_TRUE(sqlite::remove_database(directory / "a.db", PowerVfs::kName));
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    const tests::TemporaryDirectory after;
    PowerVfs::cut(directory.path(), after.path(), random);
    EXPECT_TRUE(std::filesystem::is_empty(after.path()));
  }
}

struct Life {
  const tests::TemporaryDirectory& directory;
  Keep keep;
  std::int64_t acked = 0;
  std::uint64_t seed = 0;
  int steps = 40;
  bool drops_rows_too_early = false;
};

// How often each thing happened over all lives, so that nobody takes a test of nothing for a good one.
struct Happened {
  Store::Counts counts;
  int merged = 0;  ///< first parts with more ticks than come at once, of days that are over

  void note(const Store& store, const std::filesystem::path& directory) {
    counts.sealed_chunks += store.counts().sealed_chunks;
    counts.built_slots += store.counts().built_slots;
    counts.expired_files += store.counts().expired_files;
    // Not the first day, which an old collector sealed.
    for (std::int64_t day = 1; day < crash::day_of_number(crash::next_of(store)); ++day) {
      const auto file = directory / file_name(Tier::raw, day_of(slot_of(tick(day * crash::kDay).at)));
      auto database = sqlite::Database::open(file, {.read_only = true});
      if (!database) continue;
      auto parts = database->prepare("SELECT v FROM chunk WHERE k & 255 = 0");
      while (parts && parts->step().value_or(false)) {
        const auto ticks = chunk::decode(parts->blob(0), kChunkLimits);
        merged += ticks && ticks->times.size() > 7 ? 1 : 0;
      }
    }
  }
};

// A store goes on for a while; what would be left of it had the power failed meanwhile.
std::list<Cut> lived(const Life& life, Happened& happened) {
  PowerVfs::install();
  PowerVfs::take_over(life.directory.path());
  Random random(life.seed);
  // The first while the store is opened, or soon after.
  Cuts cuts(life.directory.path(), life.acked, random(), {40, 400});
  MovedClock clock;
  auto options = crash::options(life.directory.path(), life.keep);
  options.vfs = PowerVfs::kName;
  if (life.drops_rows_too_early) {
    options.on_step = [&](Step step) {
      if (step != Step::chunks_written || cuts.acked() == 0) return;
      crash::drop_rows_too_early(life.directory.path(), PowerVfs::kName, cuts.acked());
      cuts.now();
    };
  }
  {
    auto store = Store::open(options, clock);
    EXPECT_TRUE(store) << store.error().message;
    if (!store) return {};
    (*store)->on_commit([&](auto marks) {
      for (const auto& mark : marks) cuts.acked(static_cast<std::int64_t>(mark.last));
    });
    clock.set(crash::sent_at(crash::next_of(**store)));
    (*store)->start();
    announce(**store);
    for (int n = 0; n < life.steps; ++n) crash::go_on(**store, clock, random);
    cuts.now();
    happened.note(**store, life.directory.path());
  }
  PowerVfs::forget(life.directory.path());
  return std::move(cuts.taken());
}

TEST(PowerCut, AtRandomMomentsLosesNothingAckedAndDoublesNothing) {
  const char* rounds = std::getenv("VEDETTE_ROUNDS");
  const tests::TemporaryDirectory old;
  const std::int64_t left_by_old = crash::make_old(old.path());
  std::unique_ptr<tests::TemporaryDirectory> directory;
  Keep keep;
  std::int64_t last = 0;
  Happened happened;
  for (std::uint64_t round = 0; round < (rounds ? std::strtoull(rounds, nullptr, 10) : 6); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    Random random(round);
    // Three lives, each in what a cut left of the one before. The first begins with migrating.
    if (round % 3 == 0) {
      directory = std::make_unique<tests::TemporaryDirectory>();
      crash::copy_files(old.path(), directory->path());
      keep = crash::some_keep(round / 3 + 1);
      last = left_by_old;
    }
    auto cuts = lived({.directory = *directory, .keep = keep, .acked = last, .seed = random()}, happened);
    ASSERT_GT(cuts.size(), 2U);
    const auto chosen = random() % cuts.size();
    std::unique_ptr<tests::TemporaryDirectory> next = std::make_unique<tests::TemporaryDirectory>();
    std::uint64_t n = 0;
    for (const Cut& cut : cuts) {
      const auto found = crash::look_at(cut.after.path(), cut.acked, keep);
      ASSERT_EQ(found.fault, "") << "cut " << n;
      if (n++ != chosen) continue;
      crash::copy_files(cut.after.path(), next->path());
      last = found.last;
    }
    directory = std::move(next);
  }
  EXPECT_GT(happened.counts.sealed_chunks, 50U);
  EXPECT_GT(happened.counts.built_slots, 10U);
  EXPECT_GT(happened.counts.expired_files, 0U);
  EXPECT_GT(happened.merged, 0);
}

std::size_t losses(const std::list<Cut>& cuts) {
  return static_cast<std::size_t>(std::ranges::count_if(
      cuts, [](const Cut& cut) { return !crash::look_at(cut.after.path(), cut.acked, {}).fault.empty(); }));
}

TEST(PowerCut, LosesTicksWhereNothingIsSynced) {
  const tests::TemporaryDirectory directory;
  PowerVfs::ignore_syncs(true);
  Happened happened;
  const auto cuts = lived({.directory = directory, .keep = {}, .seed = 1, .steps = 15}, happened);
  PowerVfs::ignore_syncs(false);
  EXPECT_GT(losses(cuts), cuts.size() / 2) << "else the test above proves nothing";
}

TEST(PowerCut, LosesTicksWhereRowsAreDeletedBeforeChunksAreCommitted) {
  const tests::TemporaryDirectory directory;
  Happened happened;
  const auto cuts =
      lived({.directory = directory, .keep = {}, .seed = 1, .steps = 8, .drops_rows_too_early = true}, happened);
  EXPECT_GT(losses(cuts), cuts.size() / 2) << "else the test above proves nothing";
}

}  // namespace
}  // namespace vedette::history
