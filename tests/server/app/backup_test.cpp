// Backups of whole data directories: beside a store that takes in all the time, killed, damaged, and put back.
#include "server/app/backup.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <random>
#include <set>
#include <tuple>

#include "server/app/data_check.h"
#include "server/app/options.h"
#include "server/app/run.h"
#include "server/control/store.h"
#include "tests/server/app/a_collector.h"
#include "tests/server/history/a_store.h"

namespace vedette::app {
namespace {

using history::kHost;
using history::kStart;
using history::Store;

// Ten days after the first tick: everything is due to be sealed and built at once, and nothing is too old.
class LaterClock final : public domain::Clock {
 public:
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(kStart) + std::chrono::days(10); }
  [[nodiscard]] units::Steady steady() const override { return std::chrono::steady_clock::now(); }
};
const LaterClock kLater;

constexpr std::int64_t kSpacing = 20;         // seconds from tick to tick: a day's file has 4,320
constexpr std::uint64_t kMostTicks = 40'000;  // nine days

domain::SharedBatch ticks(std::uint64_t first, std::uint64_t count) {
  auto made = std::make_shared<domain::Batch>();
  made->host = kHost;
  made->stream = 1;
  made->first = first;
  made->live = false;
  for (std::uint64_t n = first - 1; n < first - 1 + count; ++n) {
    auto tick = history::tick(static_cast<std::int64_t>(n));
    tick.at = units::from_unix_ms(kStart + static_cast<std::int64_t>(n) * kSpacing * 1000);
    made->ticks.push_back(tick);
  }
  return made;
}

struct World {
  tests::TemporaryDirectory directory;
  const std::filesystem::path data = directory / "data", target = directory / "backup", back = directory / "back";

  World() {
    std::filesystem::create_directory(data);
    auto store = control::Store::open(data / "control.db");
    EXPECT_TRUE(store && (*store)->add_user("ann", domain::AccessRole::administrator, "x"));
  }
  [[nodiscard]] history::Options options(const std::filesystem::path& in) const {
    auto options = history::options_in(in);
    options.commit_every = units::Milliseconds{1};
    return options;
  }
  // A store of this many ticks, closed; its files are old enough to be known again.
  void fill(std::uint64_t count) const {
    {
      auto store = history::opened(options(data), kLater);
      history::announce(*store);
      ASSERT_TRUE(store->submit(ticks(1, count)));
      ASSERT_TRUE(store->seal_all());
      ASSERT_TRUE(store->build_all());
    }
    age();
  }
  void age() const {
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      if (entry.path().extension() == ".db") {
        // All of it in the file itself, nothing in its log.
        auto database = sqlite::Database::open(entry.path(), {.create = false});
        ASSERT_TRUE(database && database->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
      }
    }
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      if (entry.path().extension() == ".db") {
        std::filesystem::last_write_time(entry.path(),
                                         std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
      }
    }
  }
  // Every line that was said; the error if it failed.
  std::pair<std::string, bool> back_up() const {
    std::string said;
    const auto done = Backup{data, target, kLater, [&](const std::string& line) { said += line + "\n"; }}.run();
    return {done ? said : done.error().message, done && *done};
  }
  std::string restore_words() const {
    std::string said;
    const auto done = restore(target, back, [&](const std::string& line) { said += line + "\n"; });
    return done ? said : done.error().message;
  }
  std::string check_words(const std::filesystem::path& in) const {
    const auto checked = check_data(in);
    return checked ? checked->words : checked.error().message;
  }
};

// Each time once, with its own value; the first `count` all there.
void expect_ticks(const Store& store, std::uint64_t count) {
  const auto got = history::ask(store, "test.level", 0, static_cast<std::int64_t>(kMostTicks) * kSpacing);
  ASSERT_GE(got.t.size(), count);
  for (std::size_t n = 0; n < got.t.size(); ++n) {
    const auto number = static_cast<std::int64_t>(got.average[n]);
    if (n > 0) {
      ASSERT_LT(got.t[n - 1], got.t[n]);
    }
    if (n < count) {
      ASSERT_EQ(number, static_cast<std::int64_t>(n));
    }
    ASSERT_EQ(units::unix_ms(got.t[n]), kStart + number * kSpacing * 1000);
  }
}

TEST(Backup, BesideConstantIngestHasAllThatWasAckedBeforeItBeganAndNothingTwice) {
  World world;
  std::atomic<std::uint64_t> acked{0};
  auto store = Store::open(world.options(world.data), kLater);
  ASSERT_TRUE(store);
  (*store)->on_commit([&](auto marks) {
    for (const auto& mark : marks) acked = mark.last;
    acked.notify_all();
  });
  (*store)->start();
  history::announce(**store);
  // So many more while a backup is made, so that what is to be checked stays small.
  std::atomic<std::uint64_t> limit{8'000};
  std::jthread ingest([&](const std::stop_token& stop) {
    for (std::uint64_t next = 1; !stop.stop_requested(); next += 10) {
      for (auto now = limit.load(); next > now && !stop.stop_requested(); now = limit) limit.wait(now);
      (void)(*store)->submit(ticks(next, 10));
      (void)(*store)->flush();
    }
  });
  for (auto seen = acked.load(); seen < limit; seen = acked) acked.wait(seen);
  for (int round = 0; round < 3; ++round) {
    limit += 6'000;
    limit.notify_all();
    const std::uint64_t before = acked;
    const auto [words, whole] = world.back_up();
    ASSERT_TRUE(whole) << words;
    EXPECT_GT(acked, before) << "commits went on";
    EXPECT_NE(world.check_words(world.data).find(": whole"), std::string::npos) << world.check_words(world.data);
    std::filesystem::remove_all(world.back);
    ASSERT_NE(world.restore_words().find("restored"), std::string::npos) << world.restore_words();
    EXPECT_NE(world.check_words(world.back).find(": whole"), std::string::npos) << world.check_words(world.back);
    auto restored = history::opened(world.options(world.back), kLater);
    EXPECT_GE(restored->resume_point(kHost, 1), before);
    expect_ticks(*restored, before);
    ASSERT_TRUE(restored->seal_all());
    ASSERT_TRUE(restored->build_all());
    expect_ticks(*restored, before);
    EXPECT_EQ(restored->trouble(), "");
  }
  ingest.request_stop();
  ++limit;
  limit.notify_all();
  ingest.join();
  EXPECT_EQ((*store)->trouble(), "");
  expect_ticks(**store, acked);
}

TEST(Backup, LosesNothingThatIsSealedWhileItRuns) {
  World world;
  auto store = history::opened(world.options(world.data));  // its clock stands still: sealed is what is told to be
  history::announce(*store);
  ASSERT_TRUE(store->submit(ticks(1, 3'000)));
  ASSERT_TRUE(store->seal_all());
  ASSERT_TRUE(store->submit(ticks(3'001, 200)));
  ASSERT_TRUE(store->flush());
  const auto seal = [&](const std::string& line) {
    if (line == "raw-20261124.db: copied") {
      ASSERT_TRUE(store->seal_all());
    }
  };
  const auto done = Backup{world.data, world.target, kLater, seal}.run();
  ASSERT_TRUE(done && *done);
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back)), 3'200);
}

TEST(Backup, CopiesOnlyWhatHasChanged) {
  World world;
  world.fill(12'000);
  EXPECT_NE(world.back_up().first.find("raw-20261124.db: copied"), std::string::npos);
  {
    auto store = history::opened(world.options(world.data), kLater);
    ASSERT_TRUE(store->submit(ticks(12'001, 10)));
    ASSERT_TRUE(store->seal_all());
  }
  const auto [words, whole] = world.back_up();
  EXPECT_TRUE(whole);
  EXPECT_NE(words.find("raw-20261123.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261124.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261126.db: copied"), std::string::npos) << words;
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 12'010);
}

TEST(Backup, ThatWasKilledIsGoneOnWithWhereItStopped) {
  World world;
  world.fill(12'000);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto die = [](const std::string& line) {
      if (line == "raw-20261124.db: copied") ::kill(::getpid(), SIGKILL);
    };
    (void)Backup{world.data, world.target, kLater, die}.run();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_NE(world.restore_words().find("isn't finished"), std::string::npos) << world.restore_words();
  EXPECT_FALSE(std::filesystem::exists(world.back));
  const auto [words, whole] = world.back_up();
  EXPECT_TRUE(whole);
  EXPECT_NE(words.find("raw-20261123.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261124.db: unchanged"), std::string::npos) << words;
  EXPECT_NE(words.find("raw-20261125.db: copied"), std::string::npos) << words;
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 12'000);
}

TEST(Backup, KilledAtAnyMomentLeavesTheOneBeforeWhole) {
  World world;
  world.fill(4'000);
  ASSERT_TRUE(world.back_up().second);
  std::mt19937_64 random(20261123);
  for (std::uint64_t round = 0; round < 20; ++round) {
    {
      auto store = history::opened(world.options(world.data), kLater);
      ASSERT_TRUE(store->submit(ticks(4'001 + round * 10, 10)));
      ASSERT_TRUE(store->seal_all());
    }
    const pid_t child = ::fork();
    if (child == 0) {
      (void)Backup{world.data, world.target, kLater, [](const std::string&) {}}.run();
      ::_exit(0);
    }
    ::usleep(static_cast<useconds_t>(random() % 60'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    std::filesystem::remove_all(world.back);
    const std::string words = world.restore_words();
    ASSERT_NE(words.find("restored"), std::string::npos) << "round " << round << ": " << words;
    expect_ticks(*history::opened(world.options(world.back), kLater), 4'000);
  }
  ASSERT_TRUE(world.back_up().second);
  std::filesystem::remove_all(world.back);
  ASSERT_NE(world.restore_words().find("restored"), std::string::npos);
  expect_ticks(*history::opened(world.options(world.back), kLater), 4'200);
}

void flip_a_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(static_cast<std::streamoff>(at));
  const int old = bytes.get();
  bytes.seekp(static_cast<std::streamoff>(at));
  bytes.put(static_cast<char>(old ^ 0x10));
}

TEST(Restore, RefusesABackupWithAFlippedByteAndChangesNothing) {
  World world;
  world.fill(6'000);
  ASSERT_TRUE(world.back_up().second);
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(world.target)) {
    if (entry.path().filename() != "lock") names.insert(entry.path().filename().string());
  }
  ASSERT_GE(names.size(), 6U);
  for (const std::string& name : names) {
    const auto middle = std::filesystem::file_size(world.target / name) / 2;
    flip_a_byte(world.target / name, middle);
    const std::string words = world.restore_words();
    EXPECT_NE(words.find(name + ": "), std::string::npos) << words;
    EXPECT_NE(words.find("damaged"), std::string::npos) << words;
    EXPECT_FALSE(std::filesystem::exists(world.back));
    flip_a_byte(world.target / name, middle);
  }
  EXPECT_NE(world.restore_words().find("restored"), std::string::npos);
}

TEST(Restore, RefusesADataDirectoryThatIsNotEmpty) {
  World world;
  world.fill(100);
  ASSERT_TRUE(world.back_up().second);
  std::filesystem::create_directory(world.back);
  std::ofstream(world.back / "live.db") << "mine";
  EXPECT_NE(world.restore_words().find("isn't empty (live.db is there)"), std::string::npos) << world.restore_words();
  EXPECT_EQ(std::filesystem::file_size(world.back / "live.db"), 4U);
}

// In the first chunk, wherever the file has its bytes: SQLite leaves some in pages that moved.
void damage_a_chunk(const std::filesystem::path& file) {
  std::string blob;
  {
    auto database = sqlite::Database::open(file, {.read_only = true});
    auto statement = database->prepare("SELECT v FROM chunk ORDER BY k LIMIT 1");
    EXPECT_TRUE(*statement->step());
    const auto bytes = statement->blob(0);
    blob.assign(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 60));
  }
  std::ifstream in(file, std::ios::binary);
  const std::string all{std::istreambuf_iterator<char>(in), {}};
  EXPECT_NE(all.find(blob), std::string::npos);
  for (auto at = all.find(blob); at != std::string::npos; at = all.find(blob, at + 1)) flip_a_byte(file, at + 40);
}

TEST(Check, FindsAFlippedByteAndABackupTellsOfItAndHasAllElse) {
  World world;
  world.fill(6'000);
  EXPECT_NE(world.check_words(world.data).find(": whole"), std::string::npos) << world.check_words(world.data);
  damage_a_chunk(world.data / "raw-20261123.db");
  const std::string words = world.check_words(world.data);
  EXPECT_TRUE(words.starts_with("raw-20261123.db, host 7, 2026-11-23 08:00:00 UTC, group 0, part 0: ")) << words;
  EXPECT_NE(words.find(": 1 fault"), std::string::npos) << words;
  const auto [said, whole] = world.back_up();
  EXPECT_FALSE(whole);
  EXPECT_NE(said.find("damaged in the data already: raw-20261123.db, host 7, 2026-11-23 08:00:00 UTC"),
            std::string::npos)
      << said;
  EXPECT_NE(world.restore_words().find("was damaged already when it was backed up: raw-20261123.db"),
            std::string::npos);
  auto restored = history::opened(world.options(world.back), kLater);
  EXPECT_EQ(history::ask(*restored, "test.level", 0, 6'000 * kSpacing).t.size(), 6'000U - 30U);
}

TEST(Backup, IsNotMadeOfALiveDbThatNoCollectorStartsWith) {
  World world;
  world.fill(100);
  std::fstream(world.data / "live.db", std::ios::in | std::ios::out | std::ios::binary)
      .seekp(4096)
      .write(std::string(8192, '\xA5').data(), 8192);
  const auto [words, whole] = world.back_up();
  EXPECT_FALSE(whole);
  EXPECT_TRUE(words.starts_with("live.db: ")) << words;
  EXPECT_NE(words.find("Restore an earlier backup"), std::string::npos) << words;
  EXPECT_FALSE(std::filesystem::exists(world.target / "manifest.json"));
}

// What the command prints, and how it ends.
std::pair<std::string, int> run(const World& world, std::vector<std::string> words) {
  std::ofstream(world.directory / "server.toml") << "";
  words.insert(words.end(), {"--config", (world.directory / "server.toml").string()});
  const auto options = parse_options(words);
  EXPECT_TRUE(options) << options.error().message;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  const int ended = run_client(*options);
  return {testing::internal::GetCapturedStdout() + testing::internal::GetCapturedStderr(), ended};
}

TEST(CommandLine, ChecksBacksUpAndRestores) {
  World world;
  world.fill(6'000);
  const std::string data = world.data.string(), target = world.target.string() + "/", back = world.back.string();
  auto [words, ended] = run(world, {"check", "--data", data});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_NE(words.find(" chunks, 0 write-ahead rows: whole\n"), std::string::npos) << words;
  std::tie(words, ended) = run(world, {"backup", target, "--data", data});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_TRUE(words.starts_with("raw-20261123.db: copied\n")) << words;
  struct stat status{};
  ASSERT_EQ(::stat(world.target.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700U);
  std::tie(words, ended) = run(world, {"restore", target, "--data", back});
  EXPECT_EQ(ended, 0) << words;
  EXPECT_NE(words.find("restored 6 files"), std::string::npos) << words;
  std::tie(words, ended) = run(world, {"restore", target, "--data", back});
  EXPECT_EQ(ended, 1);
  EXPECT_NE(words.find("isn't empty"), std::string::npos) << words;
  damage_a_chunk(world.data / "raw-20261123.db");
  std::tie(words, ended) = run(world, {"check", "--data", data});
  EXPECT_EQ(ended, 1) << words;
  std::tie(words, ended) = run(world, {"backup", target, "--data", data});
  EXPECT_EQ(ended, 1) << words;
  EXPECT_NE(words.find("backed up 6 files"), std::string::npos) << words;
}

TEST(Backup, SaysWhatIsWrongWithItsDirectories) {
  World world;
  world.fill(10);
  const auto refusal = [](const std::filesystem::path& data, const std::filesystem::path& target) {
    const auto done = Backup{data, target, kLater, [](const std::string&) {}}.run();
    return done ? "done" : done.error().message;
  };
  EXPECT_NE(refusal(world.data, world.data).find("is the data directory itself"), std::string::npos);
  EXPECT_NE(refusal(world.directory / "none", world.target).find("holds no data of a collector"), std::string::npos);
  EXPECT_NE(refusal(world.data, world.directory.path()).find("holds other things"), std::string::npos);
  EXPECT_NE(world.check_words(world.directory / "none").find("no such directory"), std::string::npos);
  EXPECT_NE(world.check_words(world.directory.path()).find("holds no data of a collector"), std::string::npos);
}

TEST(Backup, OfARunningCollectorStartsAgainWithItsPeopleAndItsPin) {
  Bench bench;
  auto collector = bench.start();
  const std::map<std::string, std::string> role = {{"role", "administrator"}, {"password-stdin", ""}};
  ASSERT_TRUE(bench.ask({"user add", {"ann"}, role}, "correct horse"));
  const auto quiet = [](const std::string&) {};
  const auto done = Backup{bench.directory / "data", bench.directory / "backup", bench.clock, quiet}.run();
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_TRUE(*done);
  ASSERT_TRUE(bench.ask({"user add", {"ben"}, role}, "correct horse")) << "it goes on";
  const std::string pin = collector->pin();
  collector.reset();
  std::filesystem::remove_all(bench.directory / "data");
  const auto restored = restore(bench.directory / "backup", bench.directory / "data", quiet);
  ASSERT_TRUE(restored) << restored.error().message;
  collector = bench.start();
  EXPECT_EQ(collector->pin(), pin);
  EXPECT_EQ(*bench.ask({"user list", {}, {}}), "ann  administrator\n");
}

}  // namespace
}  // namespace vedette::app
