#include "agent/collect/processes.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tests/agent/collect/capture.h"

namespace vedette::collect {
namespace {

using namespace std::chrono_literals;

constexpr units::Steady kStart{1h};

// As Linux 6.1 prints it.
std::string stat(int pid, const std::string& name, char state, unsigned ticks, unsigned pages, unsigned started = 100,
                 unsigned threads = 1) {
  return std::to_string(pid) + " (" + name + ") " + state + " 1 1 1 0 -1 4194560 1 2 3 4 " + std::to_string(ticks) +
         " 0 -5 6 20 -19 " + std::to_string(threads) + " 0 " + std::to_string(started) + " 999 " +
         std::to_string(pages) + " 18446744073709551615 1 1 0 0 0 0 0 4096 1260 0 0 0 17 1 0 0 0 0 0\n";
}

struct Machine {
  FakeProc proc;
  ProcessScan scan{proc.path()};
  units::Steady now = kStart;

  void put(int pid, const std::string& text) {
    std::filesystem::create_directories(proc.path() + "/" + std::to_string(pid));
    proc.write(std::to_string(pid) + "/stat", text);
  }
  void end(int pid) { std::filesystem::remove_all(proc.path() + "/" + std::to_string(pid)); }
  ProcessCounts look(units::Milliseconds after) {
    now += after;
    const auto counts = scan.scan(now);
    EXPECT_TRUE(counts) << counts.error().message;
    return counts.value_or(ProcessCounts{});
  }
};

TEST(PidStat, IsReadWhateverTheNameHolds) {
  const std::string text = stat(7, "a) R (b", 'S', 1'234, 56, 789, 3);
  const auto read = parse_pid_stat(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->name, "a) R (b");
  EXPECT_EQ(read->state, 'S');
  EXPECT_EQ(read->ticks, 1'234U);
  EXPECT_EQ(read->threads, 3U);
  EXPECT_EQ(read->started, 789U);
  EXPECT_EQ(read->pages, 56U);
}

TEST(PidStat, CutAnywhereBeforeItsLastFieldIsNone) {
  const std::string text = "7 (sh) S 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 9 10 11";
  EXPECT_TRUE(parse_pid_stat(text));
  for (std::size_t size = 0; size + 3 < text.size(); ++size) EXPECT_FALSE(parse_pid_stat(text.substr(0, size))) << size;
  for (const char* bad : {"", "7 (sh", "7 )sh( S", "x", "7 (sh) SS 1 1 1 0 -1 1 1 2 3 4 5 6 7 8 20 0 1 0 9 10 11",
                          "7 (sh) S 1 1 1 0 -1 1 1 2 3 4 x 6 7 8 20 0 1 0 9 10 11"}) {
    EXPECT_FALSE(parse_pid_stat(bad)) << bad;
  }
}

TEST(Processes, AreCountedByWhatTheyDo) {
  Machine machine;
  const char states[] = {'R', 'S', 'I', 'D', 'T', 't', 'Z', 'W'};
  for (int n = 0; n < 8; ++n) machine.put(10 + n, stat(10 + n, "p", states[n], 1, 1, 100, 2));
  machine.put(99, "garbage");
  machine.proc.write("self/stat", stat(10, "p", 'R', 1, 1));
  const auto counts = machine.look(0s);
  EXPECT_EQ(counts.running, 1U);
  EXPECT_EQ(counts.sleeping, 3U);
  EXPECT_EQ(counts.blocked, 1U);
  EXPECT_EQ(counts.stopped, 2U);
  EXPECT_EQ(counts.zombie, 1U);
  EXPECT_EQ(counts.threads, 16U);
  EXPECT_EQ(counts.all(), 8U);
}

TEST(Processes, ThatUsedMostAreToldOverTheWholeSpan) {
  Machine machine;
  machine.put(1, stat(1, "init", 'S', 1'000'000, 2'000));
  machine.put(2, stat(2, "busy", 'R', 100, 500));
  (void)machine.look(0s);
  EXPECT_FALSE(machine.scan.report(5)) << "no span yet";
  machine.put(2, stat(2, "busy", 'R', 3'100, 500));
  (void)machine.look(10s);
  machine.put(2, stat(2, "busy", 'R', 6'100, 500));
  machine.put(3, stat(3, "fresh", 'R', 600, 900));  // younger than the last report: all of its CPU is in the span
  (void)machine.look(50s);
  const auto told = machine.scan.report(5);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->span, 60s);
  EXPECT_EQ(told->count, 3U);
  ASSERT_EQ(told->top.size(), 3U);
  const auto kib = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  EXPECT_EQ(told->top[0], (wire::Process{2, "busy", 1'000, 500 * kib}));
  EXPECT_EQ(told->top[1], (wire::Process{3, "fresh", 100, 900 * kib}));
  EXPECT_EQ(told->top[2], (wire::Process{1, "init", 0, 2'000 * kib})) << "for its memory";
}

TEST(Processes, ThatEndedAreToldForWhatTheyUsedAndANumberGivenAgainIsAnother) {
  Machine machine;
  machine.put(5, stat(5, "first", 'R', 100, 300));
  (void)machine.look(0s);
  (void)machine.scan.report(5);
  machine.put(5, stat(5, "first", 'R', 400, 300));
  (void)machine.look(10s);
  machine.end(5);
  (void)machine.look(10s);
  machine.put(5, stat(5, "second", 'R', 50, 300, 2'000));
  (void)machine.look(10s);
  auto told = machine.scan.report(5);
  ASSERT_TRUE(told);
  ASSERT_FALSE(told->top.empty());
  EXPECT_EQ(told->top[0].name, "second") << "of two with one number the newer one";
  machine.end(5);
  machine.put(6, stat(6, "third", 'R', 10'000, 300));
  (void)machine.look(10s);
  machine.end(6);
  (void)machine.look(10s);
  told = machine.scan.report(5);
  ASSERT_TRUE(told);
  ASSERT_EQ(told->top.size(), 1U);
  EXPECT_EQ(told->top[0].name, "third");
  EXPECT_EQ(told->top[0].memory_kib, 0U) << "it has none any more";
  (void)machine.look(10s);
  EXPECT_TRUE(machine.scan.report(5)->top.empty()) << "told once";
}

TEST(Processes, OfMostMemoryAreThereAlthoughTheyUseNoCpu) {
  Machine machine;
  for (int pid = 1; pid <= 20; ++pid)
    machine.put(pid, stat(pid, "p" + std::to_string(pid), 'S', 5, 1'000U * static_cast<unsigned>(pid)));
  (void)machine.look(0s);
  (void)machine.scan.report(5);
  (void)machine.look(60s);
  const auto told = machine.scan.report(5);
  ASSERT_EQ(told->top.size(), 5U);
  EXPECT_EQ(told->top[0].name, "p20");
  EXPECT_EQ(told->top[4].name, "p16");
}

TEST(Processes, TellTheirArgumentsOnlyWhereThatIsAllowed) {
  Machine machine;
  const auto names = [&](ProcessScan& scan) {
    machine.put(1, stat(1, "db", 'R', 0, 5'000));
    machine.proc.write("1/cmdline", std::string("db\0--password\0a\nb\0", 18));
    EXPECT_TRUE(scan.scan(kStart));
    (void)scan.report(5);
    EXPECT_TRUE(scan.scan(kStart + 1s));
    return scan.report(5)->top.at(0).arguments;
  };
  ProcessScan open(machine.proc.path(), true);
  EXPECT_EQ(names(machine.scan), "");
  EXPECT_EQ(names(open), "db --password a b");
}

TEST(Processes, OfThisMachineCanBeRead) {
  ProcessScan scan;
  const auto counts = scan.scan(kStart);
  ASSERT_TRUE(counts) << counts.error().message;
  EXPECT_GT(counts->all(), 0U);
  EXPECT_GE(counts->threads, counts->all() - counts->zombie);
  ProcessScan away("/proc/nowhere");
  EXPECT_FALSE(away.scan(kStart));
}

}  // namespace
}  // namespace vedette::collect
