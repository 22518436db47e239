// kill -9 at any moment, between any two writes. VEDETTE_ROUNDS makes it many (tests/soak).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "tests/server/history/a_store.h"

namespace vedette::history {
namespace {

// Sends ticks for ever, in batches of random size, some of them twice; tells each mark through `out`.
[[noreturn]] void send_for_ever(const std::filesystem::path& directory, int out, std::uint64_t seed) {
  auto options = options_in(directory);
  options.commit_every = units::Milliseconds{1};
  options.seal.chunk_bytes = 2'000;  // sealing goes on all the time, in parts
  auto store = Store::open(options, kLater);
  if (!store) ::_exit(1);
  (*store)->on_commit([&](auto marks) {
    for (const auto& mark : marks) (void)!::write(out, &mark.last, sizeof mark.last);
  });
  (*store)->start();
  announce(**store);
  std::mt19937_64 random(seed);
  for (std::uint64_t next = (*store)->resume_point(kHost, 1);;) {
    const std::uint64_t again = std::min<std::uint64_t>(next, random() % 20);
    const auto count = static_cast<std::int64_t>(again + 1 + random() % 40);
    (void)(*store)->submit(batch(1, next - again + 1, static_cast<std::int64_t>(next - again), count));
    next = (*store)->resume_point(kHost, 1);
    if (random() % 3 == 0) (void)(*store)->flush();
  }
}

// Kills the sender `micros` after its first ack. Returns the newest ack that came out.
std::uint64_t kill_sender(const std::filesystem::path& directory, std::uint64_t seed, useconds_t micros) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
  const pid_t child = ::fork();
  if (child == 0) send_for_ever(directory, ends[1], seed);
  ::close(ends[1]);
  std::uint64_t acked = 0, read = 0;
  const auto next = [&] { return ::read(ends[0], &read, sizeof read) == sizeof read; };
  if (next()) acked = read;
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(micros);
  while (std::chrono::steady_clock::now() < until) {
    pollfd ready{ends[0], POLLIN, 0};
    if (::poll(&ready, 1, 1) == 1 && next()) acked = read;
  }
  ::kill(child, SIGKILL);
  while (next()) acked = read;
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  return acked;
}

TEST(Store, KilledAtRandomMomentsLosesNothingAckedAndDoublesNothing) {
  const char* rounds = std::getenv("VEDETTE_ROUNDS");
  std::mt19937_64 random(20261123);
  auto directory = std::make_unique<tests::TemporaryDirectory>();
  for (int round = 0; round < (rounds ? std::atoi(rounds) : 10); ++round) {
    // A directory sees five deaths, so that replays of replays are seen, and what is to be checked stays small.
    if (round % 5 == 0) directory = std::make_unique<tests::TemporaryDirectory>();
    const auto acked = kill_sender(directory->path(), random(), static_cast<useconds_t>(random() % 60'000));
    auto store = opened(options_in(directory->path()), kLater);
    const auto accepted = store->resume_point(kHost, 1);
    ASSERT_GE(accepted, acked) << "round " << round;
    expect_run(*store, static_cast<std::int64_t>(accepted));
    expect_minutes(*store, static_cast<std::int64_t>(accepted));
  }
}

}  // namespace
}  // namespace vedette::history
