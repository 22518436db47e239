// A disk that really is full. Needs a small file system of its own, which tests/faults/small_disk.sh makes.
#include <gtest/gtest.h>

#include <thread>

#include "tests/server/history/a_store.h"
#include "tests/small_disk.h"

namespace vedette::history {
namespace {

// Each failed flush is one look of the store at its disk.
void flush_until(Store& store, bool stored) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (store.flush() != stored || store.trouble().empty() != stored) {
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << store.trouble();
    std::this_thread::yield();
  }
}

TEST(FullDisk, KeepsAnsweringStartsAgainAndStoresAllOnceThereIsRoom) {
  const char* disk = std::getenv("VEDETTE_SMALL_DISK");
  if (!disk) GTEST_SKIP() << "no VEDETTE_SMALL_DISK";
  const std::filesystem::path directory(disk);
  auto options = options_in(directory);
  options.space.reserve = 2U << 20;
  auto store = opened(options);
  announce(*store);
  ASSERT_TRUE(store->submit(batch(1, 1, 0, 700)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(batch(1, 701, 700, 100)));
  ASSERT_TRUE(store->seal_all());

  tests::fill(directory / "filler");
  flush_until(*store, false);
  EXPECT_FALSE(std::filesystem::exists(directory / "reserve"));
  EXPECT_NE(store->trouble().find("disk full"), std::string::npos) << store->trouble();
  ASSERT_TRUE(store->submit(batch(1, 801, 800, 100)));
  EXPECT_FALSE(store->flush());
  expect_run(*store, 900);

  store.reset();
  store = opened(options);
  flush_until(*store, false);
  const auto durable = store->resume_point(kHost, 1);  // the last commit may have found room in the reserve's place
  EXPECT_GE(durable, 800U);
  expect_run(*store, static_cast<std::int64_t>(durable));

  ASSERT_TRUE(store->submit(batch(1, 801, 800, 200)));
  std::filesystem::remove(directory / "filler");
  flush_until(*store, true);
  ASSERT_TRUE(store->seal_all());
  EXPECT_TRUE(std::filesystem::exists(directory / "reserve"));
  expect_run(*store, 1000);
}

}  // namespace
}  // namespace vedette::history
