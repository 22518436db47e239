// What a host leaves behind in memory and in live.db however often it connects: boots and streams, the newest of each.
#include <gtest/gtest.h>

#include <cstring>
#include <future>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

BootId boot(std::uint32_t n) {
  BootId id{};
  std::memcpy(id.data(), &n, sizeof n);
  return id;
}

TEST(Registry, RemembersTheNewestBootsAndCountsOn) {
  Registry registry(100);
  for (std::uint32_t n = 1; n <= 1'000; ++n) EXPECT_EQ(registry.boot_number(kHost, boot(n)), n);
  EXPECT_EQ(registry.unsaved().boots.size(), Registry::kBoots) << "those forgotten again needn't be stored";
  EXPECT_EQ(registry.boot_number(kHost, boot(1'000)), 1'000U);
  EXPECT_EQ(registry.boot_number(kHost, boot(745)), 745U) << "256 are remembered";
  EXPECT_EQ(registry.boot_number(kHost, boot(744)), 1'001U) << "the one before is new again";
}

TEST(Registry, BootsThatAreForgottenWhileTheyAreWrittenDontTakeOthersOffTheList) {
  Registry registry(100);
  for (std::uint32_t n = 1; n <= 10; ++n) (void)registry.boot_number(kHost, boot(n));
  const auto written = registry.unsaved();
  for (std::uint32_t n = 11; n <= 260; ++n) (void)registry.boot_number(kHost, boot(n));
  registry.saved(written);
  const auto left = registry.unsaved().boots;
  ASSERT_EQ(left.size(), 250U);
  EXPECT_EQ(left.front().number, 11U);
}

TEST(Intake, AFlushDuringACommitOfNothingWaitsForTheNextOne) {
  Intake intake({});
  EXPECT_TRUE(intake.take().empty());
  ASSERT_TRUE(intake.submit(batch(1, 1, 0, 10), units::from_unix_ms(kStart)));
  auto waiting = std::async(std::launch::async, [&] {
    EXPECT_TRUE(intake.flush());
    return intake.counts().waiting_ticks;
  });
  ASSERT_TRUE(intake.wait(units::Steady::max())) << "until the flush asks";
  (void)intake.committed();
  EXPECT_EQ(waiting.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  EXPECT_EQ(intake.take().size(), 1U);
  (void)intake.committed();
  EXPECT_EQ(waiting.get(), 0U);
}

TEST(Store, KeepsTheNewestBootsOverARestart) {
  const tests::TemporaryDirectory directory;
  {
    auto store = opened(options_in(directory.path()));
    announce(*store);
    for (std::uint32_t n = 1; n <= 200; ++n) (void)store->boot_number(kHost, boot(n));
    ASSERT_TRUE(store->submit(batch(1, 1, 0, 1)));
    ASSERT_TRUE(store->flush());
    for (std::uint32_t n = 201; n <= 700; ++n) (void)store->boot_number(kHost, boot(n));
  }
  {
    auto database = sqlite::Database::open(directory / "live.db");
    ASSERT_TRUE(database);
    EXPECT_EQ(*database->scalar("SELECT count(*) FROM boot"), 256);
  }
  auto store = opened(options_in(directory.path()));
  EXPECT_EQ(store->boot_number(kHost, boot(700)), 700U);
  EXPECT_EQ(store->boot_number(kHost, boot(445)), 445U);
  EXPECT_EQ(store->boot_number(kHost, boot(1)), 701U);
}

TEST(Store, KeepsTheNewestStreamsOfAHost) {
  const tests::TemporaryDirectory directory;
  MovedClock clock;
  auto options = options_in(directory.path());
  options.intake.streams = 4;
  {
    auto store = opened(options, clock);
    announce(*store);
    for (std::int64_t n = 1; n <= 10; ++n) {
      clock.set(units::Milliseconds(n * 1000));
      ASSERT_TRUE(store->submit(batch(static_cast<std::uint64_t>(n), 1, n, 1)));
    }
    EXPECT_EQ(store->resume_point(kHost, 1), 1U) << "what isn't durable is never dropped";
    ASSERT_TRUE(store->seal_all());
    for (std::int64_t n = 11; n <= 20; ++n) {
      clock.set(units::Milliseconds(n * 1000));
      ASSERT_TRUE(store->submit(batch(static_cast<std::uint64_t>(n), 1, n, 1)));
    }
    EXPECT_EQ(store->resume_point(kHost, 10), 0U);
    EXPECT_EQ(store->resume_point(kHost, 11), 1U);
    ASSERT_TRUE(store->seal_all());
  }
  auto store = opened(options, clock);
  EXPECT_EQ(store->resume_point(kHost, 10), 0U) << "its mark is gone too";
  EXPECT_EQ(store->resume_point(kHost, 11), 1U);
  EXPECT_EQ(ask(*store, "test.level", 0, 100).t.size(), 20U) << "its ticks are not";
}

TEST(Store, RefusesAnotherStreamOfAHostThatHasFarTooManyUntilItsMarksAreSaved) {
  const tests::TemporaryDirectory directory;
  auto options = options_in(directory.path());
  options.intake.streams = 2;
  options.intake.most_streams = 5;
  auto store = opened(options);
  announce(*store);
  for (std::uint64_t stream = 1; stream <= 5; ++stream) ASSERT_TRUE(store->submit(batch(stream, 1, 1, 1)));
  EXPECT_FALSE(store->submit(batch(6, 1, 1, 1)));
  EXPECT_TRUE(store->submit(batch(5, 2, 2, 1))) << "those that are known go on";
  ASSERT_TRUE(store->seal_all());
  EXPECT_TRUE(store->submit(batch(6, 1, 1, 1)));
}

}  // namespace
}  // namespace vedette::history
