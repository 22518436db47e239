// The engine over the real control store, killed and started again.
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "server/control/store.h"
#include "tests/server/alerts/scene.h"
#include "tests/temporary_directory.h"

namespace vedette::alerts {
namespace {

using domain::HostStatus;
using domain::Phase;
using testing::Scene;

std::unique_ptr<control::Store> open_store(const tests::TemporaryDirectory& directory) {
  auto store = control::Store::open(directory / "control.db");
  if (!store) ADD_FAILURE() << store.error().message;
  return store ? std::move(*store) : nullptr;
}

std::vector<domain::Alert> alerts_of(control::Store& store) {
  return store.alerts(10).value_or(std::vector<domain::Alert>{});
}

/// In a process of its own: busy for `seconds`, then says so and waits to be killed.
[[noreturn]] void burn_until_killed(const tests::TemporaryDirectory& directory, int seconds, int tell) {
  const auto store = open_store(directory);
  Scene scene;
  scene.start(*store);
  scene.see(HostStatus::up);
  scene.burn(0.95);
  scene.run(seconds);
  if (::write(tell, "x", 1) != 1) ::_exit(1);
  for (;;) ::pause();
}

void kill_after_burning(const tests::TemporaryDirectory& directory, int seconds) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const pid_t child = ::fork();
  if (child == 0) burn_until_killed(directory, seconds, pipe[1]);
  ::close(pipe[1]);
  char done = 0;
  EXPECT_EQ(::read(pipe[0], &done, 1), 1) << "the child ended by itself";
  ::close(pipe[0]);
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST(Kill, APendingAlertFiresAtItsOriginalTime) {
  const tests::TemporaryDirectory directory;
  kill_after_burning(directory, 35);
  const auto store = open_store(directory);
  Scene scene;
  const units::Instant began = scene.clock.now();
  scene.clock.at = 45;
  scene.start(*store);
  scene.see(HostStatus::up);
  ASSERT_EQ(alerts_of(*store).size(), 1u);
  EXPECT_EQ(alerts_of(*store)[0].phase, Phase::pending);
  EXPECT_EQ(alerts_of(*store)[0].since, began);
  scene.burn(0.95);
  scene.run(15);  // seconds 45 to 59
  EXPECT_EQ(alerts_of(*store)[0].phase, Phase::pending);
  EXPECT_EQ(alerts_of(*store)[0].since, began);
  scene.run(1);
  ASSERT_EQ(alerts_of(*store).size(), 1u);
  EXPECT_EQ(alerts_of(*store)[0].phase, Phase::firing);
  EXPECT_EQ(alerts_of(*store)[0].since, began + std::chrono::seconds(60));
  EXPECT_EQ(store->undelivered()->size(), 1u);
}

TEST(Kill, AFiringAlertKeepsWhatWasToldAndIsShownAfterItsEndAndAnotherStart) {
  const tests::TemporaryDirectory directory;
  kill_after_burning(directory, 125);
  const auto store = open_store(directory);
  {
    Scene scene;
    scene.clock.at = 130;
    scene.start(*store);
    scene.see(HostStatus::up);
    EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "phase"), "firing");
    EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "unit"), "1");
    EXPECT_FALSE(scene.bus.at(scene.bus.rows["1"], "notified_at").is_null());
    scene.burn(0.5);
    scene.run(1);
    EXPECT_EQ(store->undelivered()->size(), 2u);
  }
  Scene scene;
  scene.clock.at = 140;
  scene.start(*store);
  scene.see(HostStatus::up);
  EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "phase"), "resolved");
  EXPECT_EQ(scene.bus.at(scene.bus.rows["1"], "unit"), "1");
}

}  // namespace
}  // namespace vedette::alerts
