#include "agent/collect/textfile.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "agent/collect/exposition.h"
#include "tests/logged.h"
#include "tests/temporary_directory.h"

namespace vedette::collect {
namespace {

using namespace std::chrono_literals;

TEST(Exposition, IsReadAsPrometheusReadsIt) {
  const auto all = parse_exposition(
      "# HELP backup_bytes_total Bytes that were written.\n"
      "# TYPE backup_bytes_total counter\n"
      "backup_bytes_total{job=\"db\",path=\"/a \\\"b\\\" \\\\c\\n\"} 1.5e3\n"
      "\n"
      "  raid_degraded 0\r\n"
      "# TYPE wait histogram\n"
      "wait_bucket{le=\"+Inf\"} 7\n"
      "wait_sum 3.25\n"
      "plain_total{ } +4\n"
      "no_value NaN\n"
      "without_end -1");
  EXPECT_EQ(all.faults, 0U) << all.fault;
  ASSERT_EQ(all.samples.size(), 6U);
  EXPECT_EQ(to_string(all.samples[0].series.key), "backup_bytes_total{job=db,path=\"/a \\\"b\\\" \\\\c\n\"}");
  EXPECT_EQ(all.samples[0].series.kind, metrics::Kind::counter);
  EXPECT_EQ(all.samples[0].value, 1'500);
  EXPECT_EQ(all.samples[1].series.kind, metrics::Kind::gauge);
  EXPECT_EQ(all.samples[2].series.kind, metrics::Kind::counter) << "of a histogram";
  EXPECT_EQ(all.samples[3].value, 3.25);
  EXPECT_EQ(all.samples[4].series.kind, metrics::Kind::gauge) << "a name alone says nothing";
  EXPECT_EQ(all.samples[5].value, -1);
  EXPECT_TRUE(all.samples[5].series.quantum.is_real());
}

TEST(Exposition, LeavesOutWhatIsWrongAndNamesTheFirstLine) {
  const auto fault = [](const std::string& line) {
    const auto all = parse_exposition("good 1\n" + line + "\nalso_good 2\n");
    EXPECT_EQ(all.samples.size(), 2U) << line;
    EXPECT_EQ(all.faults, 1U) << line;
    return all.fault;
  };
  EXPECT_EQ(fault("x"), "line 2: x: \"\" is no number");
  EXPECT_EQ(fault("x 1 1795425204000"), "line 2: x: something follows the value; times can't be given");
  EXPECT_EQ(fault("x one"), "line 2: x: \"one\" is no number");
  EXPECT_EQ(fault("job:x:rate 1"), "line 2: job:x:rate: names with : are for rules; give it another");
  EXPECT_EQ(fault("x{a=\"1\" b=\"2\"} 1"), "line 2: between labels there must be a comma");
  EXPECT_EQ(fault("x{a=1} 1"), "line 2: a label must be name=\"value\"");
  EXPECT_EQ(fault("x{a=\"1} 1"), "line 2: the value of a has no closing quote");
  EXPECT_EQ(fault("{a=\"1\"} 1"), "line 2: a metric's name must come first");
  EXPECT_EQ(fault("good 3"), "line 2: good comes twice");
  EXPECT_NE(fault(std::string(200, 'x') + " 1").find("name"), std::string::npos);
  EXPECT_NE(fault("9x 1"), "") << "a digit first";
  EXPECT_NE(fault("x{a=\"\xff\"} 1").find("UTF-8"), std::string::npos);
}

struct Folder {
  tests::TemporaryDirectory directory;
  Roster roster;
  std::vector<metrics::Cell> cells;
  units::Instant wall = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
  TextfileSource source;

  explicit Folder(std::size_t series = 500)
      : source({.directory = directory.path().string(), .series = series, .wall = [this] { return wall; }}) {}

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory / (name + ".new"), std::ios::binary) << text;
    std::filesystem::rename(directory / (name + ".new"), directory / name);
  }
  units::Result<void> read() {
    cells.assign(roster.series().size(), {});
    Draft draft(roster, cells);
    return source.read(draft);
  }
  /// "name{…} value" of what is there; without ages.
  std::vector<std::string> told() {
    EXPECT_TRUE(read());
    std::vector<std::string> all;
    for (std::size_t n = 0; n < cells.size(); ++n) {
      const auto& series = roster.series()[n];
      if (!cells[n].present || series.key.name == "vedette.textfile.age") continue;
      all.push_back(to_string(series.key) + " " + std::to_string(static_cast<int>(value(cells[n], series.quantum))));
    }
    return all;
  }
};

using Told = std::vector<std::string>;

TEST(Textfile, TellsWhatFilesHoldAndNothingOnceTheyAreGone) {
  Folder folder;
  EXPECT_EQ(folder.told(), Told{});
  folder.write("raid.prom", "raid_disks{md=\"md0\"} 2\n");
  folder.write("ignored.txt", "x 1\n");
  folder.write(".hidden.prom", "x 1\n");
  EXPECT_EQ(folder.told(), (Told{"raid_disks{md=md0} 2"}));
  folder.write("raid.prom", "raid_disks{md=\"md0\"} 1\nraid_disks{md=\"md1\"} 5\n");
  EXPECT_EQ(folder.told(), (Told{"raid_disks{md=md0} 1", "raid_disks{md=md1} 5"}));
  std::filesystem::remove(folder.directory / "raid.prom");
  EXPECT_EQ(folder.told(), Told{});
}

TEST(Textfile, TellsHowOldAFileIs) {
  Folder folder;
  folder.write("a.prom", "");
  folder.wall += 90s;
  ASSERT_TRUE(folder.read());
  ASSERT_EQ(folder.roster.series().size(), 1U);
  EXPECT_EQ(to_string(folder.roster.series()[0].key), "vedette.textfile.age{file=a.prom}");
  const double age = value(folder.cells[0], folder.roster.series()[0].quantum);
  EXPECT_NEAR(age, 90, 5);
}

TEST(Textfile, IsReadAgainOnlyWhenItChanged) {
  Folder folder;
  const tests::Logged log;
  folder.write("a.prom", "x one\ny 2\n");
  for (int n = 0; n < 5; ++n) EXPECT_EQ(folder.told(), (Told{"y 2"}));
  EXPECT_EQ(log.count("first=\"line 1"), 1U) << log.text();
  folder.write("a.prom", "x 1\ny two\n");
  EXPECT_EQ(folder.told(), (Told{"x 1"}));
  EXPECT_EQ(log.count("faults"), 2U) << log.text();
}

TEST(Textfile, OfTwoThatTellTheSameTheFirstByNameCounts) {
  Folder folder;
  const tests::Logged log;
  folder.write("b.prom", "x 2\n");
  folder.write("a.prom", "x 1\n");
  EXPECT_EQ(folder.told(), (Told{"x 1"}));
  EXPECT_EQ(log.count("two text files tell the same series"), 1U) << log.text();
}

TEST(Textfile, TakesNoMoreSeriesThanAllowed) {
  Folder folder(3);
  const tests::Logged log;
  folder.write("a.prom", "a 1\nb 1\nc 1\nd 1\n");
  folder.write("b.prom", "e 1\n");
  EXPECT_EQ(folder.told().size(), 3U);
  EXPECT_EQ(log.count("more series than may be"), 1U) << log.text();
}

TEST(Textfile, NeverWaitsForAPipeNorFollowsALinkNorReadsTooMuch) {
  Folder folder;
  const tests::Logged log;
  ASSERT_EQ(::mkfifo((folder.directory / "pipe.prom").c_str(), 0600), 0);
  std::filesystem::create_symlink("/etc/passwd", folder.directory / "link.prom");
  std::filesystem::create_directory(folder.directory / "folder.prom");
  std::ofstream(folder.directory / "large.prom") << std::string(TextfileSource::kLargest + 1, '#');
  folder.write("good.prom", "x 1\n");
  EXPECT_EQ(folder.told(), (Told{"x 1"}));
  EXPECT_EQ(log.count("it must be a plain file"), 2U) << log.text();
  EXPECT_EQ(log.count("larger than 1 MiB"), 1U) << log.text();
  EXPECT_EQ(log.count("link.prom"), 1U) << log.text();
}

TEST(Textfile, WithoutItsDirectoryIsAbsent) {
  Folder folder;
  std::filesystem::remove_all(folder.directory.path());
  const auto read = folder.read();
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, units::ErrorCode::not_found);
}

}  // namespace
}  // namespace vedette::collect
