// Disks that fail to write, sync or read: what the store promises then.
#include <gtest/gtest.h>

#include <string>

#include "tests/server/history/crash.h"
#include "tests/server/history/faulty_vfs.h"

namespace vedette::history {
namespace {

// Mends the disk whatever happens in the test.
struct Disk {
  Disk() = default;
  explicit Disk(int code, const std::string& part = {}) { FaultyVfs::fail_writes(code, part); }
  ~Disk() { FaultyVfs::fail_writes(SQLITE_OK); }
};

class FailingDisk : public testing::TestWithParam<int> {};

TEST_P(FailingDisk, KeepsTicksInMemoryAnswersAllAndStoresThemWhenItWorksAgain) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(faulty_in(directory.path()));
    announce(*store);
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 700)));
    ASSERT_TRUE(store->seal_all());
    {
      const Disk disk(GetParam());
      ASSERT_TRUE(store->submit(batch(1, 701, 700, 50)));
      EXPECT_FALSE(store->flush());
      EXPECT_NE(store->trouble().find("50 ticks wait in memory"), std::string::npos) << store->trouble();
      EXPECT_NE(store->trouble().find("live.db"), std::string::npos) << store->trouble();
      ASSERT_TRUE(store->submit(batch(1, 751, 750, 50)));
      EXPECT_FALSE(store->flush());
      expect_run(*store, 800);
    }
    ASSERT_TRUE(store->flush());
    ASSERT_TRUE(store->flush());
    EXPECT_EQ(store->trouble(), "");
    EXPECT_EQ(store->counts().ticks, 800U);
  }
  auto store = opened(faulty_in(directory.path()));
  EXPECT_EQ(store->resume_point(kHost, 1), 800U);
  expect_run(*store, 800);
}

TEST_P(FailingDisk, AcksNothingThatIsNotStored) {
  const tests::TemporaryDirectory directory;
  std::atomic<std::uint64_t> acked{0};
  auto store = Store::open(faulty_in(directory.path()), kClock);
  ASSERT_TRUE(store) << store.error().message;
  (*store)->on_commit([&](auto marks) {
    for (const auto& mark : marks) acked = mark.last;
  });
  (*store)->start();
  announce(**store);
  ASSERT_TRUE((*store)->submit(batch(1, 1, 0, 10)));
  ASSERT_TRUE((*store)->flush());
  {
    const Disk disk(GetParam());
    ASSERT_TRUE((*store)->submit(batch(1, 11, 10, 10)));
    EXPECT_FALSE((*store)->flush());
    (*store)->stop();
    EXPECT_EQ(acked, 10U);
  }
  store->reset();
  auto again = opened(faulty_in(directory.path()));
  EXPECT_EQ(again->resume_point(kHost, 1), 10U);
  expect_run(*again, 10);
}

TEST_P(FailingDisk, SealsLaterWhatItCannotSealNow) {
  const tests::TemporaryDirectory directory;
  auto store = opened(faulty_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 1300)));
  ASSERT_TRUE(store->flush());
  {
    const Disk disk(GetParam());
    EXPECT_FALSE(store->seal_all());
    EXPECT_NE(store->trouble().find("can't be sealed"), std::string::npos) << store->trouble();
    expect_run(*store, 1300);
  }
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->trouble(), "");
  EXPECT_EQ(store->counts().open.chunks, 0U);
  expect_run(*store, 1300);
}

TEST_P(FailingDisk, RefusesMoreThanItHoldsAndSaysWhenThereIsRoom) {
  const tests::TemporaryDirectory directory;
  auto options = faulty_in(directory.path());
  options.intake.cells = 400;  // a hundred ticks of three cells and one
  std::atomic<int> room{0};
  auto store = Store::open(options, kClock);
  ASSERT_TRUE(store) << store.error().message;
  (*store)->on_room([&] { ++room; });
  (*store)->start();
  announce(**store);
  {
    const Disk disk(GetParam());
    ASSERT_TRUE((*store)->submit(batch(1, 1, 0, 100)));
    EXPECT_FALSE((*store)->submit(batch(1, 101, 100, 10)));
    EXPECT_EQ((*store)->counts().intake.refused, 1U);
    EXPECT_EQ((*store)->resume_point(kHost, 1), 100U);
  }
  ASSERT_TRUE((*store)->flush());
  ASSERT_TRUE((*store)->flush());
  EXPECT_EQ(room, 1);
  ASSERT_TRUE((*store)->submit(batch(1, 101, 100, 10)));
  expect_run(**store, 110);
}

TEST_P(FailingDisk, SealsLateTicksOnceWhatFollowsThemCanBeMarked) {
  const tests::TemporaryDirectory directory;
  auto store = opened(faulty_in(directory.path()));
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 86'400, 600)));
  ASSERT_TRUE(store->seal_all() && store->build_all());
  ASSERT_TRUE(store->submit(batch(2, 1, 0, 10)));
  {
    const Disk disk(GetParam(), "raw-20261124.db");
    EXPECT_FALSE(store->seal_all());
    EXPECT_NE(store->trouble().find("can't be sealed"), std::string::npos) << store->trouble();
    EXPECT_EQ(store->trouble().find("damaged"), std::string::npos) << store->trouble();
  }
  const auto built = store->counts().built_slots;
  ASSERT_TRUE(store->seal_all() && store->build_all());
  EXPECT_EQ(store->counts().built_slots, built + 4) << "an hour of each day, and the days";
  EXPECT_EQ(store->trouble(), "");
}

// Then ends with the disk still failing, or mended.
std::string fault_after_random_failures(int code, std::uint64_t seed, bool mended) {
  const tests::TemporaryDirectory directory;
  auto options = crash::options(directory.path());
  options.vfs = FaultyVfs::kName;
  FaultyVfs::install();
  MovedClock clock;
  Random random(seed);
  std::atomic<std::int64_t> acked{0};
  auto store = Store::open(options, clock);
  if (!store) return store.error().message;
  (*store)->on_commit([&](auto marks) { acked = static_cast<std::int64_t>(marks.back().last); });
  clock.set(crash::sent_at(1));
  (*store)->start();
  announce(**store);
  const auto before = FaultyVfs::failures();
  FaultyVfs::fail_some_writes(code, 12, seed);
  const Disk disk;
  for (int n = 0; n < 60; ++n) crash::go_on(**store, clock, random);
  if (FaultyVfs::failures() == before) return "nothing failed";
  const std::int64_t last = crash::next_of(**store) - 1;
  if (mended) {
    FaultyVfs::fail_writes(SQLITE_OK);
    (void)(*store)->seal_all();                                      // what fails is over
    clock.set(crash::sent_at(last + 1) + std::chrono::minutes(11));  // what couldn't be built is tried again
    if (!(*store)->seal_all() || !(*store)->build_all()) return (*store)->trouble();
    if (!(*store)->trouble().empty()) return (*store)->trouble();
  }
  (*store)->stop();
  if (mended && acked != last) return "stored, but not acked";
  store->reset();
  FaultyVfs::fail_writes(SQLITE_OK);
  return crash::look_at(directory.path(), acked, {}).fault;
}

TEST_P(FailingDisk, AtRandomWritesLosesNothingAckedAndDoublesNothing) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    EXPECT_EQ(fault_after_random_failures(GetParam(), seed, seed % 2 == 0), "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Codes, FailingDisk, testing::Values(SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC));

// Mends the disk whatever happens in the test.
struct BadSectors {
  explicit BadSectors(const std::string& part) { FaultyVfs::fail_reads(part); }
  ~BadSectors() { FaultyVfs::fail_reads(""); }
};

TEST(BadSectors, OfADaysFileAreAGapThatIsToldAndNothingElse) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600), batch(1, 601, 86'400, 600)});
  auto store = opened(faulty_in(directory.path()));
  {
    const BadSectors sectors("raw-20261123.db");
    const auto answer = store->query({kHost,
                                      {{"test.level", std::nullopt}},
                                      units::from_unix_ms(kStart),
                                      units::from_unix_ms(kStart + 100'000'000),
                                      {},
                                      {}});
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->series[0].t.size(), 600U) << "the next day's";
    ASSERT_FALSE(answer->incomplete.empty());
    EXPECT_EQ(answer->incomplete[0].why, domain::Incomplete::Why::damaged);
    EXPECT_EQ(answer->incomplete[0].from, units::from_unix_ms(kStart));
    EXPECT_EQ(answer->incomplete[0].tier, "raw");
    EXPECT_NE(store->trouble().find("raw-20261123.db: disk I/O error; is the disk failing?"), std::string::npos)
        << store->trouble();
    EXPECT_EQ(ask(*store, "test.level", 86'400, 100'000).t.size(), 600U);
    ASSERT_TRUE(store->submit(batch(1, 1201, 600, 600)));     // the bad day
    ASSERT_TRUE(store->submit(batch(1, 1801, 87'000, 600)));  // the next
    ASSERT_TRUE(store->flush());
    EXPECT_FALSE(store->seal_all());
    EXPECT_NE(store->trouble().find("can't be sealed"), std::string::npos) << store->trouble();
    EXPECT_NE(store->trouble().find("raw-20261123.db"), std::string::npos) << store->trouble();
    EXPECT_EQ(store->counts().open.chunks, 1U) << "only the bad day's waits";
    EXPECT_EQ(ask(*store, "test.level", 86'400, 100'000).t.size(), 1200U);
  }
  ASSERT_TRUE(store->seal_all());
  EXPECT_EQ(store->trouble().find("can't be sealed"), std::string::npos) << store->trouble();
  EXPECT_EQ(ask(*store, "test.level", 0, 100'000).t.size(), 2400U);
}

TEST(BadSectors, FailATotalThatWouldLackThem) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 4 * 3'600)});
  auto store = opened(faulty_in(directory.path()));
  const domain::IncreaseQuery query{kHost,
                                    {{"test.bytes", std::nullopt}},
                                    {units::from_unix_ms(kStart), units::from_unix_ms(kStart + 4 * 3'600'000)},
                                    {}};
  {
    const BadSectors sectors("raw-20261123.db");
    const auto refused = store->increases(query);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, units::ErrorCode::io);
    EXPECT_NE(refused.error().message.find("raw-20261123.db: disk I/O error"), std::string::npos);
  }
  const auto told = store->increases(query);
  ASSERT_TRUE(told) << told.error().message;
  EXPECT_TRUE(told->at(0).stretches.at(0));
}

TEST(BadSectors, AreNotBuiltInto) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 4 * 3'600)});
  auto store = opened(faulty_in(directory.path()), kLater);
  {
    const BadSectors sectors("raw-20261123.db");
    EXPECT_FALSE(store->build_all());
    EXPECT_EQ(store->counts().built_slots, 0U);
  }
  store = nullptr;  // which would try again in a while
  store = opened(faulty_in(directory.path()), kLater);
  ASSERT_TRUE(store->build_all());
  EXPECT_GT(store->counts().built_slots, 0U);
}

TEST(BadSectors, StopTheStartWithTheFilesName) {
  const tests::TemporaryDirectory directory;
  seal_in(directory.path(), {batch(1, 1, 0, 600)});
  for (const char* name : {"live.db", "raw-20261123.db"}) {
    const BadSectors sectors(name);
    const auto store = Store::open(faulty_in(directory.path()), kClock);
    ASSERT_FALSE(store) << name;
    EXPECT_EQ(store.error().code, units::ErrorCode::io);
    EXPECT_NE(store.error().message.find((directory / name).string() + ": "), std::string::npos)
        << store.error().message;
    EXPECT_NE(store.error().message.find("restore it from a backup"), std::string::npos) << store.error().message;
  }
  expect_run(*opened(faulty_in(directory.path())), 600);
}

}  // namespace
}  // namespace vedette::history
