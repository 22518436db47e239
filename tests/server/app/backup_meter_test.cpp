#include "server/app/backup_meter.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/server/history/a_store.h"

namespace vedette::app {
namespace {

using std::chrono::milliseconds;

TEST(BackupMeter, AddsUpFilesAndBytes) {
  history::MovedClock clock;
  domain::BackupProgress now;
  BackupMeter meter(clock, [&](const auto& progress) { now = progress; });
  meter.expect("live.db", 100);
  meter.expect("raw.db", 1000);
  meter.expect("gone.db", 50);
  meter.begin("live.db", "copying");
  EXPECT_EQ(now.file, "live.db");
  EXPECT_EQ(now.doing, "copying");
  EXPECT_EQ(now.bytes.total, 1150U);
  clock.set(milliseconds(200));
  meter.at(60, 120);  // it has grown
  EXPECT_EQ(now.bytes.done, 60U);
  EXPECT_EQ(now.bytes.total, 1170U);
  meter.begin("live.db", "checking");
  EXPECT_EQ(now.bytes.done, 120U);
  EXPECT_EQ(now.files.done, 0U);
  meter.end();
  EXPECT_EQ(now.files.done, 1U);
  EXPECT_EQ(now.file, "");
  meter.begin("raw.db", "comparing");
  clock.set(milliseconds(400));
  meter.at(900, 1000);
  EXPECT_EQ(now.bytes.done, 1020U);
  meter.begin("raw.db", "copying");
  EXPECT_EQ(now.bytes.done, 120U) << "from its beginning";
  meter.end();
  meter.begin("gone.db", "comparing");
  meter.drop();
  EXPECT_EQ(now.files.done, 2U);
  EXPECT_EQ(now.files.total, 2U);
  EXPECT_EQ(now.bytes.done, now.bytes.total);
  EXPECT_EQ(now.bytes.total, 1120U);
}

TEST(BackupMeter, TellsOfBytesFiveTimesASecond) {
  history::MovedClock clock;
  int told = 0;
  BackupMeter meter(clock, [&](const auto&) { ++told; });
  meter.begin("live.db", "copying");
  for (int ms = 0; ms < 1000; ++ms) {
    clock.set(milliseconds(ms));
    meter.at(static_cast<std::uint64_t>(ms), 1000);
  }
  EXPECT_EQ(told, 1 + 4);
}

}  // namespace
}  // namespace vedette::app
