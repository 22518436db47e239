#include "agent/app/process_watch.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "tests/agent/collect/capture.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

struct Machine {
  collect::FakeProc proc;
  collect::ProcessScan scan{proc.path()};
  ProcessWatch watch{{}, &scan, proc.path()};
  units::Steady now{1h};
  units::Instant host = units::from_unix_ms(1'795'425'204'000);
  unsigned ticks = 0;
  int passed = 0;

  Machine() {
    std::filesystem::create_directories(proc.path() + "/7");
    std::filesystem::create_directories(proc.path() + "/pressure");
  }
  void pressure(const char* percent) {
    proc.write("pressure/cpu", "some avg10=" + std::string(percent) + " avg60=0.00 avg300=0.00 total=1\n");
  }
  void pass(int seconds) {
    for (const int end = passed + seconds; passed < end; ++passed, now += 1s, host += 1s) {
      ticks += 100;
      proc.write("7/stat", "7 (busy) R 1 1 1 0 -1 1 1 2 3 4 " + std::to_string(ticks) + " 0 7 8 20 0 1 0 9 10 5000\n");
      if (passed % 10 == 0) (void)scan.scan(now).value();  // as the collector does
      watch.look(host, now);
    }
  }
  [[nodiscard]] std::size_t told() { return watch.outbox().waiting().size(); }
};

TEST(ProcessWatch, TellsOnceAMinuteOverTheMinute) {
  Machine machine;
  machine.pass(60);
  EXPECT_EQ(machine.told(), 0U);
  machine.pass(1);
  ASSERT_EQ(machine.told(), 1U);
  const auto& report = machine.watch.outbox().waiting().front();
  EXPECT_EQ(report.span, 60s);
  EXPECT_EQ(report.at, machine.host - 1s);
  ASSERT_EQ(report.top.size(), 1U);
  EXPECT_EQ(report.top[0].cpu_permille, 1'000U);
  EXPECT_NE(report.id, 0U);
  machine.pass(60);
  ASSERT_EQ(machine.told(), 2U);
  EXPECT_NE(machine.watch.outbox().waiting().back().id, report.id);
}

TEST(ProcessWatch, TellsAtOnceWhenTheMachineGetsShortAndOnceAMinuteWhileItLasts) {
  Machine machine;
  machine.pressure("3.00");
  machine.pass(11);
  machine.pressure("72.50");
  machine.pass(10);
  ASSERT_EQ(machine.told(), 1U);
  EXPECT_EQ(machine.watch.outbox().waiting().front().span, 20s);
  machine.pass(50);
  EXPECT_EQ(machine.told(), 1U);
  machine.pass(10);
  EXPECT_EQ(machine.told(), 2U);
  machine.pressure("0.00");
  machine.pass(10);
  machine.pressure("90.00");
  machine.pass(10);
  EXPECT_EQ(machine.told(), 3U);
}

TEST(ProcessWatch, TellsNothingWhereNothingIsScanned) {
  collect::ProcessScan away("/proc/nowhere");
  ProcessWatch off({}, nullptr), unread({}, &away);
  EXPECT_FALSE(away.scan(units::Steady{1h}));
  for (int n = 0; n < 30; ++n) {
    off.look({}, units::Steady{n * 10s});
    unread.look({}, units::Steady{n * 10s});
  }
  EXPECT_TRUE(off.outbox().waiting().empty());
  EXPECT_TRUE(unread.outbox().waiting().empty());
}

TEST(Strain, IsReadFromTheFirstLine) {
  EXPECT_EQ(collect::parse_some_avg10("some avg10=12.34 avg60=1.00\n"), 12.34);
  EXPECT_EQ(collect::parse_some_avg10("full avg10=12.34\n"), std::nullopt);
  EXPECT_EQ(collect::parse_some_avg10("some avg10=x"), std::nullopt);
  const collect::FakeProc proc;
  EXPECT_FALSE(collect::Strain(proc.path()).is_short()) << "a kernel that doesn't tell";
}

}  // namespace
}  // namespace vedette::app
