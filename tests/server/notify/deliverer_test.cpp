// The deliverer's threads. Each test waits for what it expects, for ten seconds at most: far less than the minute after
// which a lane looks by itself.
#include "server/notify/deliverer.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "tests/server/notify/fakes.h"
#include "tests/server/notify/scripted_peer.h"

namespace vedette::notify {
namespace {

using testing::email;
using testing::killed;
using testing::ScriptedPeer;
using units::Result;
constexpr std::chrono::seconds kPatience{10};

/// The outbox for several threads, as the store is; tells when something changes.
class SharedOutbox final : public domain::AlertRecords {
 public:
  Result<std::vector<State>> alert_states() override { return std::vector<State>{}; }
  Result<void> commit(const Change&) override { return {}; }
  Result<std::uint64_t> last_alert_id() override { return 0; }
  Result<std::vector<domain::Alert>> alerts(std::size_t) override { return std::vector<domain::Alert>{}; }
  Result<std::vector<domain::Delivery>> undelivered() override {
    const std::lock_guard lock(mutex_);
    return outbox_.undelivered();
  }
  Result<void> delivered(std::uint64_t id, const std::string& answer, units::Instant at) override {
    return change([&] { return outbox_.delivered(id, answer, at); });
  }
  Result<void> failed(std::uint64_t id, const std::string& answer, units::Instant not_before,
                      const std::vector<std::string>& settled) override {
    return change([&] { return outbox_.failed(id, answer, not_before, settled); });
  }
  Result<void> give_up(std::uint64_t id, const std::string& answer, units::Instant at) override {
    return change([&] { return outbox_.give_up(id, answer, at); });
  }

  void add(domain::Delivery delivery, const std::string& receiver) {
    delivery.receiver = receiver;
    const std::lock_guard lock(mutex_);
    outbox_.rows.push_back(std::move(delivery));
  }
  bool wait_for_delivery(std::uint64_t id) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return outbox_.done.contains(id); });
  }
  std::vector<domain::Delivery> rows() { return undelivered().value(); }

 private:
  template <class Work>
  Result<void> change(Work work) {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
    return work();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  testing::Outbox outbox_;
};

/// Conversations that last until they are let go, or stopped.
class Gate {
 public:
  Result<Outcome> talk(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    ++talking_;
    changed_.notify_all();
    if (!changed_.wait(lock, stop, [&] { return open_; })) return units::fail(units::ErrorCode::timeout, "stopped");
    return Outcome{"250 OK"};
  }
  bool wait_until_talking() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return talking_ > 0; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable_any changed_;
  int talking_ = 0;
  bool open_ = false;
};

struct World {
  World() { clock.seconds = 1; }
  SharedOutbox outbox;
  testing::Clock clock;
  Gate gate;
  Receiver ops{"ops", email("smtp://mail:25")}, other{"other", email("smtp://mail:25")};

  Send gated(const std::string& receiver) {
    return [this, receiver](const Receiver& to, const domain::Delivery&, const std::stop_token& stop) {
      return to.name == receiver ? gate.talk(stop) : Result<Outcome>(Outcome{"250 OK"});
    };
  }
};

TEST(Deliverer, AWakeDuringAConversationIsNotLost) {
  World world;
  world.outbox.add(killed(1, 1), "ops");
  Deliverer deliverer({world.ops}, world.outbox, world.clock, world.gated("ops"));
  deliverer.start();
  ASSERT_TRUE(world.gate.wait_until_talking());
  world.outbox.add(killed(2, 2), "ops");
  deliverer.wake();
  deliverer.wake();
  world.gate.open();
  EXPECT_TRUE(world.outbox.wait_for_delivery(1));
  EXPECT_TRUE(world.outbox.wait_for_delivery(2));
  EXPECT_EQ(deliverer.counters().delivered, 2u);
}

TEST(Deliverer, CountsAttemptsThatFail) {
  World world;
  world.outbox.add(killed(1, 1), "ops");
  const auto refuse = [](const Receiver&, const domain::Delivery&, const std::stop_token&) -> Result<Outcome> {
    return units::fail(units::ErrorCode::unavailable, "away");
  };
  Deliverer deliverer({world.ops}, world.outbox, world.clock, refuse);
  deliverer.start();
  while (world.outbox.rows()[0].attempts == 0) std::this_thread::yield();
  EXPECT_EQ(deliverer.counters().failed, 1u);
  EXPECT_EQ(deliverer.counters().delivered, 0u);
}

TEST(Deliverer, SendsNothingOfAnIncidentThatWasWithdrawn) {
  World world;
  world.gate.open();
  world.outbox.add(killed(1, 7), "ops");
  world.outbox.add(killed(2, 8), "ops");
  Deliverer deliverer({world.ops}, world.outbox, world.clock, world.gated("ops"));
  deliverer.withdraw({7});
  deliverer.start();
  EXPECT_TRUE(world.outbox.wait_for_delivery(2));
  deliverer.stop();
  ASSERT_EQ(world.outbox.rows().size(), 1u);
  EXPECT_EQ(world.outbox.rows()[0].attempts, 0u);
}

TEST(Deliverer, AStopDuringAConversationEndsItAndItCountsAsNotMade) {
  World world;
  world.outbox.add(killed(), "ops");
  Deliverer deliverer({world.ops}, world.outbox, world.clock, world.gated("ops"));
  deliverer.start();
  ASSERT_TRUE(world.gate.wait_until_talking());
  deliverer.stop();
  ASSERT_EQ(world.outbox.rows().size(), 1u);
  EXPECT_EQ(world.outbox.rows()[0].attempts, 0u);
  EXPECT_EQ(deliverer.counters().failed, 0u);
}

TEST(Deliverer, AStopBreaksOffAServerThatNeverAnswers) {
  World world;
  ScriptedPeer silent([](int connection) { ScriptedPeer::hear(connection); });
  world.outbox.add(killed(), "ops");
  Deliverer deliverer({{"ops", email(silent.server())}}, world.outbox, world.clock, send_over_network(""));
  deliverer.start();
  silent.wait_for_connection();
  const auto began = std::chrono::steady_clock::now();
  deliverer.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - began, kPatience);
  ASSERT_EQ(world.outbox.rows().size(), 1u);
  EXPECT_EQ(world.outbox.rows()[0].attempts, 0u);
}

TEST(Deliverer, AReceiverThatHangsDoesNotHoldUpTheOther) {
  World world;
  world.outbox.add(killed(1, 1), "ops");
  world.outbox.add(killed(2, 1), "other");
  Deliverer deliverer({world.ops, world.other}, world.outbox, world.clock, world.gated("ops"));
  deliverer.start();
  ASSERT_TRUE(world.gate.wait_until_talking());
  EXPECT_TRUE(world.outbox.wait_for_delivery(2));
  deliverer.stop();
  ASSERT_EQ(world.outbox.rows().size(), 1u);
  EXPECT_EQ(world.outbox.rows()[0].id, 1u);
}

}  // namespace
}  // namespace vedette::notify
