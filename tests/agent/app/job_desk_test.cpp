#include "agent/app/job_desk.h"

#include <gtest/gtest.h>

#include "tests/logged.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using namespace std::chrono_literals;

constexpr units::Instant kNow = units::from_unix_ms(1'795'425'204'083);

struct Desk {
  tests::TemporaryDirectory directory;
  watch::Outbox<wire::Happening> outbox{10};
  units::Instant now = kNow;
  std::optional<JobDesk> desk;

  Desk() { start(); }
  void start() {
    desk.emplace(directory.path().string(), wire::Id128{7});
    desk->open((directory / "jobs.sock").string());
  }
  void report(const std::string& name, std::optional<int> status) {
    jobs::JobReport report{.name = name, .start = kNow, .end = {}, .text = "the last line"};
    if (status) report.end = jobs::JobReport::End{30s, *status};
    ASSERT_TRUE(jobs::send((directory / "jobs.sock").string(), report));
    desk->take(now, outbox);
  }
  std::vector<std::string> series() {
    collect::Roster roster;
    std::vector<metrics::Cell> cells;
    collect::Draft draft(roster, cells);
    EXPECT_TRUE(desk->source([this] { return now; })->read(draft));
    std::vector<std::string> all;
    for (std::size_t n = 0; n < cells.size(); ++n) {
      const auto& one = roster.series()[n];
      if (cells[n].present) {
        all.push_back(to_string(one.key) + " " + std::to_string(static_cast<int>(value(cells[n], one.quantum))));
      }
    }
    return all;
  }
};

using Told = std::vector<std::string>;

TEST(JobDesk, TellsSeriesOfTheLastRunAndAHappeningAtItsEnd) {
  Desk one;
  one.report("backup", std::nullopt);
  one.now += 20s;
  EXPECT_EQ(one.series(), (Told{"vedette.job.running{job=backup} 20"}));
  EXPECT_TRUE(one.outbox.waiting().empty());
  one.report("backup", 3);
  ASSERT_EQ(one.outbox.waiting().size(), 1U);
  EXPECT_EQ(one.outbox.waiting()[0].kind, "job_failed");
  EXPECT_EQ(one.outbox.waiting()[0].text, "backup failed with exit status 3 after 30 s: the last line");
  EXPECT_EQ(one.series(), (Told{"vedette.job.duration{job=backup} 30", "vedette.job.exit_status{job=backup} 3",
                                "vedette.job.running{job=backup} 0"}));
}

TEST(JobDesk, KnowsAfterARestartWhenAJobLastSucceeded) {
  Desk one;
  one.report("backup", 0);
  EXPECT_EQ(one.outbox.waiting()[0].kind, "job_done");
  one.desk.reset();
  one.now += 1h;
  one.start();
  EXPECT_EQ(one.series(), (Told{"vedette.job.age{job=backup} 3600", "vedette.job.duration{job=backup} 30",
                                "vedette.job.exit_status{job=backup} 0", "vedette.job.running{job=backup} 0"}));
}

TEST(JobDesk, SaysOnceWhatItDoesNotTake) {
  Desk one;
  const tests::Logged log;
  for (int n = 0; n < 3; ++n) one.report("no name", 0);
  EXPECT_EQ(log.count("isn't taken"), 1U) << log.text();
  EXPECT_TRUE(one.series().empty());
  JobDesk away((one.directory / "away").string(), {});
  away.open("/proc/nowhere/jobs.sock");
  EXPECT_EQ(away.descriptor(), -1);
  EXPECT_EQ(log.count("jobs can't report"), 1U) << log.text();
}

}  // namespace
}  // namespace vedette::app
