// The hub on a thread of its own, viewers on others: what a data race would break (run under ThreadSanitizer too).
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <mutex>
#include <set>
#include <thread>

#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using namespace std::chrono_literals;

/// A thread that runs what is posted, and timers.
class ThreadExecutor final : public domain::Executor {
 public:
  ThreadExecutor() : thread_([this] { run(); }) {}
  ~ThreadExecutor() override { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    post([this] { stopping_ = true; });
    thread_.join();
  }
  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    filled_.notify_one();
  }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers_.emplace(std::chrono::steady_clock::now() + delay, std::move(task));
    return 0;
  }
  void cancel(TimerId) override {}

  /// Runs `work` on the thread and waits for what it returns.
  template <class Work>
  auto ask(Work work) {
    auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    auto answer = task->get_future();
    post([task] { (*task)(); });
    return answer.get();
  }

 private:
  std::deque<Task> wait() {
    std::unique_lock lock(mutex_);
    const auto until = timers_.empty() ? std::chrono::steady_clock::now() + 100ms
                                       : std::min(timers_.begin()->first, std::chrono::steady_clock::now() + 100ms);
    filled_.wait_until(lock, until, [this] { return !tasks_.empty(); });
    return std::exchange(tasks_, {});
  }
  void run() {
    while (!stopping_) {
      for (const Task& task : wait()) task();
      while (!timers_.empty() && timers_.begin()->first <= std::chrono::steady_clock::now()) {
        const Task task = timers_.extract(timers_.begin()).mapped();
        task();
      }
    }
  }

  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Task> tasks_;
  std::multimap<std::chrono::steady_clock::time_point, Task> timers_;
  bool stopping_ = false;
  std::thread thread_;
};

/// One viewer; made, used and ended on its loop.
struct Peer {
  Peer(Hub& hub, ThreadExecutor& loop) : connection(loop), viewer(hub, {"ann", units::Instant::max()}) {
    viewer.on_open(connection);
    viewer.on_text(R"({"op":"subscribe","topics":["fleet","alerts","host/00112233445566778899aabbccddeeff"]})");
  }
  ~Peer() { viewer.on_end({}); }

  /// The alerts seen, in snapshots or deltas.
  [[nodiscard]] std::set<int> alerts() const {
    std::set<int> seen;
    for (const auto& message : connection.messages) {
      if (message.value("topic", "") != "alerts") continue;
      for (const auto& row : message["rows"]) seen.insert(row[0].get<int>());
    }
    return seen;
  }

  FakeConnection connection;
  SocketViewer viewer;
};

TEST(Threads, ShareTheHubWithoutLosingAnAlert) {
  constexpr int kAlerts = 300, kPeers = 4;
  ThreadExecutor control;
  std::array<ThreadExecutor, 2> loops;
  const domain::SystemClock clock;
  Hub hub({control, clock, refusal_of}, "run7",
          {.flush_least = 1ms, .flush_most = 1ms, .beat = 2ms, .forget_after = 1});
  hub.start();
  std::vector<std::unique_ptr<Peer>> peers(kPeers);
  const auto loop_of = [&](std::size_t i) -> ThreadExecutor& { return loops.at(i % loops.size()); };
  const auto replace = [&](std::size_t i) {
    loop_of(i).ask([&] {
      peers[i].reset();
      peers[i] = std::make_unique<Peer>(hub, loop_of(i));
    });
  };
  for (std::size_t i = 0; i < peers.size(); ++i) replace(i);
  for (int n = 0; n < kAlerts; ++n) {
    control.post([&hub, n] {
      const std::string id = std::to_string(n);
      hub.publish("fleet", "host-" + std::to_string(n % 7), "[" + id + "]", true);
      hub.publish("alerts", id, "[" + id + "]", false);
      hub.publish("host/00112233445566778899aabbccddeeff", id, "[" + id + "]", true);
    });
    if (n % 20 == 0) replace(static_cast<std::size_t>(n / 20) % 2 + 2);  // the first two stay
    if (n % 50 == 0) hub.on_login_ended("somebody else");
  }
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  for (std::size_t i = 0; i < peers.size(); ++i) {
    const auto complete = [&] { return peers[i]->alerts().size() == static_cast<std::size_t>(kAlerts); };
    while (!loop_of(i).ask(complete) && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_TRUE(loop_of(i).ask(complete)) << "viewer " << i;
  }
  for (std::size_t i = 0; i < peers.size(); ++i) loop_of(i).ask([&] { peers[i].reset(); });
  control.stop();
  EXPECT_EQ(hub.counters().viewers, 0u);
  for (auto& loop : loops) loop.stop();
}

}  // namespace
}  // namespace vedette::live
