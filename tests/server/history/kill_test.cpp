// kill -9 at any moment, between any two writes. VEDETTE_ROUNDS makes it many (tests/soak).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/server/history/crash.h"

namespace vedette::history {
namespace {

struct Life {
  std::filesystem::path directory;
  Keep keep;
  std::uint64_t seed = 0;
  bool drops_rows_too_early = false;
};

// Tells 0 before it opens the directory, then each number that is acked.
[[noreturn]] void live(const Life& life, int out) {
  std::atomic<std::int64_t> acked{0};
  const auto tell = [&](std::int64_t number) { (void)!::write(out, &number, sizeof number); };
  tell(0);
  MovedClock clock;
  auto options = crash::options(life.directory, life.keep);
  if (life.drops_rows_too_early) {
    options.on_step = [&](Step step) {
      if (step != Step::chunks_written || acked == 0) return;
      crash::drop_rows_too_early(life.directory, "", acked);
      ::raise(SIGKILL);
    };
  }
  auto store = Store::open(options, clock);
  if (!store) ::_exit(1);
  (*store)->on_commit([&](auto marks) {
    for (const auto& mark : marks) tell(acked = static_cast<std::int64_t>(mark.last));
  });
  clock.set(crash::sent_at(crash::next_of(**store)));
  (*store)->start();
  announce(**store);
  for (Random random(life.seed);;) crash::go_on(**store, clock, random);
}

// Kills a life `micros` after its birth. Returns the newest number that it told.
std::int64_t killed(const Life& life, useconds_t micros) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) live(life, ends[1]);
  ::close(ends[1]);
  std::int64_t acked = 0, read = 0;
  const auto next = [&] { return ::read(ends[0], &read, sizeof read) == sizeof read; };
  if (next()) acked = read;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(micros);
  while (std::chrono::steady_clock::now() < until) {
    pollfd ready{ends[0], POLLIN, 0};
    if (::poll(&ready, 1, 1) != 1) continue;
    if (!next()) break;
    acked = read;
  }
  ::kill(child, SIGKILL);
  while (next()) acked = read;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return acked;
}

TEST(Kill, AtRandomMomentsLosesNothingAckedAndDoublesNothing) {
  const char* rounds = std::getenv("VEDETTE_ROUNDS");
  const tests::TemporaryDirectory old;
  const std::int64_t left_by_old = crash::make_old(old.path());
  Random random(20261123);
  std::unique_ptr<tests::TemporaryDirectory> directory;
  Life life;
  std::int64_t last = 0;
  for (int round = 0; round < (rounds ? std::atoi(rounds) : 10); ++round) {
    // A directory sees five deaths, so that replays of replays are seen. The first may be in the midst of migrating.
    if (round % 5 == 0) {
      directory = std::make_unique<tests::TemporaryDirectory>();
      crash::copy_files(old.path(), directory->path());
      life.directory = directory->path();
      life.keep = crash::some_keep(random());
      last = left_by_old;
    }
    life.seed = random();
    const auto acked = killed(life, static_cast<useconds_t>(random() % (round % 5 == 0 ? 30'000 : 200'000)));
    const auto found = crash::look_at(life.directory, std::max(acked, last), life.keep);
    ASSERT_EQ(found.fault, "") << "round " << round;
    last = found.last;
  }
}

TEST(Kill, LosesTicksWhereRowsAreDeletedBeforeChunksAreCommitted) {
  int lost = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const tests::TemporaryDirectory directory;
    const Life life{.directory = directory.path(), .keep = {}, .seed = seed, .drops_rows_too_early = true};
    const auto acked = killed(life, 10'000'000);
    lost += crash::look_at(life.directory, acked, {}).fault.starts_with("missing") ? 1 : 0;
  }
  EXPECT_GT(lost, 2) << "else the test above proves nothing";
}

}  // namespace
}  // namespace vedette::history
