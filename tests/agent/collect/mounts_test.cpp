#include "agent/collect/mounts.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "agent/collect/usage.h"
#include "tests/agent/collect/capture.h"
#include "tests/agent/no_threads.h"
#include "tests/logged.h"

namespace vedette::collect {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

std::vector<std::string> points_of(std::string_view text) {
  const auto mounts = parse_mountinfo(text).value();
  std::vector<std::string> points;
  for (const WatchedMount& mount : mounts) points.push_back(mount.point);
  return points;
}

TEST(ParseMountinfo, KeepsDisksAndNetworksOnceEach) {
  EXPECT_THAT(points_of(capture("mountinfo-6.1")),
              ElementsAre("/", "/boot/efi", "/mnt/with blank", "/home", "/mnt/old"));
}

TEST(ParseMountinfo, AContainersBindMountedFilesAreNoFileSystems) {
  EXPECT_THAT(points_of(capture("mountinfo-docker")), IsEmpty());
}

TEST(ParseMountinfo, AContainersRootFolderOfTheHostsDiskIs) {
  EXPECT_THAT(points_of(capture("mountinfo-lxc")), ElementsAre("/"));
}

TEST(ParseMountinfo, KnowsAFileSystemThatWentReadOnlyFromAServiceThatMayNotWrite) {
  const auto mounts = parse_mountinfo(
                          "27 1 259:2 / / ro,relatime shared:1 - ext4 /dev/vda rw,errors=remount-ro\n"
                          "28 1 259:3 / /srv rw,relatime - ext4 /dev/vdb ro\n"
                          "29 1 259:4 / /data rw,relatime - btrfs /dev/vdc ro,space_cache=v2\n"
                          "30 1 259:5 / /more rw,relatime - xfs /dev/vdd\n")
                          .value();
  ASSERT_EQ(mounts.size(), 4U);
  EXPECT_FALSE(mounts[0].read_only) << "systemd's ProtectSystem shows every mount so";
  EXPECT_TRUE(mounts[1].read_only);
  EXPECT_TRUE(mounts[2].read_only);
  EXPECT_FALSE(mounts[3].read_only);
}

TEST(ParseMountinfo, TenThousandMountsAreJudgedLikeThree) {
  std::string text;
  std::vector<std::string> expected;
  const auto add = [&](int device, const std::string& root, const std::string& point, const char* type) {
    text += "1 1 0:" + std::to_string(device) + ' ' + root + ' ' + point + " rw - " + type + " x rw\n";
  };
  for (int i = 0; i < 2'500; ++i) {
    const std::string n = std::to_string(i);
    add(i, "/", "/data/" + n, "ext4");
    add(i, "/", "/again/" + n, "ext4");
    add(i, "/folder", "/bind/" + n, "ext4");
    add(10'000 + i, "/", "/var/lib/docker/" + n, "overlay");
    // Each third is covered and shows at its second place.
    expected.push_back((i % 3 == 0 ? "/again/" : "/data/") + n);
  }
  for (int i = 0; i < 2'500; i += 3) add(20'000 + i, "/", "/data/" + std::to_string(i), "tmpfs");
  EXPECT_EQ(points_of(text), expected);
}

TEST(ParseMountinfo, RefusesGarbage) {
  for (const char* text : {"", "x\n", "1 2 3\n", "27 1 259:2 / / rw - ext4 /dev/x rw"}) {
    EXPECT_FALSE(parse_mountinfo(text).has_value()) << text;
  }
}

/// Mount points that don't answer until released.
class Gate {
 public:
  void shut(const std::string& point) {
    const std::scoped_lock lock(mutex_);
    shut_.push_back(point);
  }
  void open() {
    const std::scoped_lock lock(mutex_);
    shut_.clear();
    changed_.notify_all();
  }
  /// Until a call hangs.
  void await_one() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ > 0; });
  }
  std::optional<Usage> ask(const std::string& point) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return std::ranges::find(shut_, point) == shut_.end(); });
    --waiting_;
    if (point == "/gone") return std::nullopt;
    return Usage{.used = point.size(), .free = 2, .reserved = 3};
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> shut_;
  int waiting_ = 0;
};

/// Polls with a clock of its own until the probe is idle; helper threads get the time they need.
void finish(Probe<Usage>& probe, units::Steady& now) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (!probe.idle() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
    probe.poll(now);
  }
  ASSERT_TRUE(probe.idle());
}

TEST(Probe, AnswersForEveryMountThatCanBeAsked) {
  const auto gate = std::make_shared<Gate>();
  Probe<Usage> probe("a mounted file system", [gate](const std::string& point) { return gate->ask(point); });
  units::Steady now{};
  probe.start({"/", "/gone", "/srv"}, now);
  finish(probe, now);
  const auto usages = probe.answers();
  ASSERT_EQ(usages.size(), 2U);
  EXPECT_EQ(usages.at("/srv").used, 4U);
}

TEST(Probe, AHungPlaceNeverBlocksTheRestAndIsAskedAgainOnlyAfterItAnswered) {
  const auto gate = std::make_shared<Gate>();
  gate->shut("/dead");
  const tests::Logged log;
  Probe<Usage> probe("a mounted file system", [gate](const std::string& point) { return gate->ask(point); }, 2s);
  units::Steady now{};
  probe.start({"/dead", "/", "/srv"}, now);
  gate->await_one();
  probe.poll(now);
  EXPECT_EQ(probe.hung(), 0U);
  now += 2s;
  probe.poll(now);
  ASSERT_EQ(probe.hung(), 1U);
  EXPECT_EQ(log.count("a mounted file system doesn't answer", "hung_now=1"), 1U) << log.text();
  finish(probe, now);
  EXPECT_EQ(probe.answers().size(), 2U);
  EXPECT_TRUE(probe.answers().contains("/srv"));

  probe.start({"/", "/dead", "/srv"}, now);  // would block this batch too if it were asked
  finish(probe, now);
  EXPECT_EQ(probe.times_hung(), 1U);

  gate->open();
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (probe.hung() != 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  probe.start({"/", "/dead", "/srv"}, now);
  finish(probe, now);
  EXPECT_EQ(probe.answers().size(), 3U);
}

TEST(Probe, OutlivesAMachineThatGivesNoThreadAndAsksInTheNextRound) {
  const auto gate = std::make_shared<Gate>();
  Probe<Usage> probe("a mounted file system", [gate](const std::string& point) { return gate->ask(point); });
  units::Steady now{};
  probe.start({"/"}, now);
  finish(probe, now);
  {
    const tests::NoThreads none;
    probe.start({"/", "/srv"}, now);
    probe.poll(now);
    EXPECT_TRUE(probe.idle());
    EXPECT_EQ(probe.answers().size(), 1U) << "the last answers stand";
  }
  probe.start({"/", "/srv"}, now);
  finish(probe, now);
  EXPECT_EQ(probe.answers().size(), 2U);
}

TEST(Probe, ForgetsWhatIsNoLongerMounted) {
  const auto gate = std::make_shared<Gate>();
  Probe<Usage> probe("a mounted file system", [gate](const std::string& point) { return gate->ask(point); });
  units::Steady now{};
  probe.start({"/", "/srv"}, now);
  finish(probe, now);
  probe.start({"/"}, now);
  finish(probe, now);
  EXPECT_THAT(probe.answers().size(), 1U);
}

TEST(AskStatvfs, TellsTheRootFileSystemAndNothingOfAPseudoOne) {
  const auto root = ask_statvfs("/");
  ASSERT_TRUE(root.has_value());
  EXPECT_GT(root->used + root->free + root->reserved, 0U);
  EXPECT_GT(root->inodes_used + root->inodes_free, 0U) << "where this runs, / is ext4 or xfs";
  EXPECT_FALSE(ask_statvfs("/proc").has_value());
  EXPECT_FALSE(ask_statvfs("/no/such/place").has_value());
}

}  // namespace
}  // namespace vedette::collect
