#include "agent/link/conversation.h"

#include <gtest/gtest.h>

#include <random>

namespace vedette::link {
namespace {

using namespace std::chrono_literals;

constexpr wire::StreamId kOld = 7, kOwn = 8;
constexpr wire::TickNumber kTicks = 10'000;

/// An older stream full of ticks that hardly compress.
class FullBacklog final : public Backlog {
 public:
  void begin(wire::StreamId) override {}
  void withdraw() override {}
  [[nodiscard]] std::vector<wire::OpenStream> open() const override { return {{kOld, 1, kTicks}}; }
  [[nodiscard]] std::optional<Batch> read(wire::StreamId stream, wire::TickNumber from, std::size_t most) override {
    if (stream != kOld || from > kTicks || unreadable) return std::nullopt;
    Batch batch{from, {}, {}};
    std::mt19937_64 random(from);
    for (wire::TickNumber n = from; n <= kTicks && batch.rows.size() < most; ++n) {
      wire::TickRow row{units::from_unix_ms(static_cast<std::int64_t>(n) * 1000), {}};
      for (int i = 0; i < 20; ++i) row.cells.push_back(metrics::integer(static_cast<std::int64_t>(random() >> 8)));
      batch.rows.push_back(std::move(row));
    }
    return batch;
  }
  void release(wire::StreamId, wire::TickNumber) override {}
  void set_aside(wire::StreamId, wire::TickNumber) override {}
  [[nodiscard]] std::uint64_t dropped() const override { return 0; }
  bool unreadable = false;
};

class TestHost final : public Host {
 public:
  [[nodiscard]] wire::Facts facts() override { return {}; }
  [[nodiscard]] wire::Id128 boot_id() const override { return {}; }
  [[nodiscard]] wire::Id128 run_id() const override { return {}; }
  [[nodiscard]] units::Instant wall_clock() const override { return units::from_unix_ms(1'795'425'204'083); }
  [[nodiscard]] std::span<const metrics::Series> series() const override { return {}; }
  [[nodiscard]] const std::vector<bool>& reals() const override { return reals_; }
  void welcomed(units::Instant, units::Milliseconds, units::Steady) override {}
  void set_interval(units::Milliseconds, units::Steady) override {}
  [[nodiscard]] std::vector<Report> reports(const std::set<std::uint64_t>& told, std::size_t most) const override {
    std::vector<Report> all;
    for (const auto& one : happened) {
      if (all.size() < most && !told.contains(one.id)) all.push_back({one.id, one});
    }
    return all;
  }
  void reports_acked(std::span<const std::uint64_t> ids) override {
    for (const std::uint64_t id : ids) std::erase_if(happened, [&](const auto& one) { return one.id == id; });
  }
  std::vector<wire::Happening> happened;

 private:
  std::vector<bool> reals_ = std::vector<bool>(20, false);
};

/// The messages in what was written.
class Heard final : public wire::SessionEvents {
 public:
  void on_message(wire::Opcode, std::span<const std::uint8_t> data) override {
    messages.push_back(wire::decode_agent(data).value());
  }
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t>) override {}
  void on_close(std::uint16_t, std::string_view) override {}
  std::vector<wire::AgentMessage> messages;
};

struct Talk {
  Talk() : conversation(backlog, host, {.stream = kOwn, .version = "test"}) { conversation.start(now); }

  /// The collector says this.
  void hear(const wire::CollectorMessage& message) {
    collector.send(wire::Opcode::binary, wire::encode(message));
    const auto bytes = collector.output();
    ASSERT_TRUE(conversation.receive(bytes, now).has_value());
    collector.consume(bytes.size());
  }
  void welcome() {
    wire::Welcome welcome;
    welcome.host_id = std::string(32, '0');
    welcome.interval = 1s;
    hear(welcome);
  }
  /// Everything that waits goes out on the line.
  void drain() {
    while (!conversation.session().output().empty()) {
      conversation.session().consume(conversation.session().output().size());
    }
  }
  /// Pumps at each due time; how many times until nothing is due, -1 if that never is.
  int turns_until_nothing_is_due() {
    for (int turn = 0; turn < 1'000; ++turn) {
      conversation.pump(now);
      const auto due = conversation.due();
      if (!due) return turn;
      EXPECT_GT(*due, now) << "the loop would not sleep";
      now = std::max(*due, now + 1ms);
    }
    return -1;
  }

  FullBacklog backlog;
  TestHost host;
  units::Steady now{1000s};
  Conversation conversation;
  wire::Session collector{wire::Role::server, {}};
};

TEST(Conversation, HelloCarriesTheMachinesOwnClock) {
  Talk talk;
  Heard heard;
  ASSERT_TRUE(talk.collector.receive(talk.conversation.session().output(), heard).has_value());
  ASSERT_EQ(heard.messages.size(), 1U);
  EXPECT_EQ(std::get<wire::Hello>(heard.messages[0]).agent_time, units::from_unix_ms(1'795'425'204'083));
}

TEST(Conversation, NothingIsDueByTimeWhileTheLineDoesNotTakeTheBackfill) {
  Talk talk;
  talk.welcome();
  ASSERT_GT(talk.turns_until_nothing_is_due(), 0);
  const std::size_t queued = talk.conversation.session().queued();
  EXPECT_GE(queued, 128U * 1024);
  talk.now += 60s;
  talk.conversation.pump(talk.now);
  EXPECT_EQ(talk.conversation.session().queued(), queued) << "nothing is added to a full queue";
  EXPECT_FALSE(talk.conversation.due().has_value());

  talk.drain();
  ASSERT_TRUE(talk.conversation.due().has_value());
  talk.conversation.pump(talk.now);
  EXPECT_GT(talk.conversation.session().queued(), 0U);
  EXPECT_EQ(talk.conversation.due(), talk.now + Conversation::kBackfillEvery);
}

TEST(Conversation, TellsTheEndOfTheBackfillAlsoWhereNothingOfItCanBeRead) {
  Talk talk;
  talk.backlog.unreadable = true;
  talk.welcome();
  talk.conversation.pump(talk.now);
  Heard heard;
  ASSERT_TRUE(talk.collector.receive(talk.conversation.session().output(), heard).has_value());
  const auto* last = std::get_if<wire::Backfill>(&heard.messages.back());
  ASSERT_NE(last, nullptr);
  EXPECT_TRUE(last->end);
  EXPECT_TRUE(last->chunk.empty());
  EXPECT_FALSE(talk.conversation.due().has_value());
}

TEST(Conversation, NothingIsDueByTimeOnceItIsClosing) {
  Talk talk;
  talk.welcome();
  talk.conversation.pump(talk.now);
  ASSERT_TRUE(talk.conversation.due().has_value());
  talk.hear(wire::Retry{60s, "too many at once"});
  EXPECT_FALSE(talk.conversation.due().has_value());
}

TEST(Conversation, TellsReportsOnceAConnectionAndAFewAtATime) {
  Talk talk;
  for (std::uint64_t id = 1; id <= Conversation::kMostReports + 5; ++id) {
    talk.host.happened.push_back({.at = units::from_unix_ms(1'000), .kind = "boot", .text = "started", .id = id});
  }
  const auto told = [&] {
    talk.conversation.pump(talk.now);
    Heard heard;
    wire::Session collector(wire::Role::server, {}, {});
    std::vector<std::uint64_t> ids;
    while (!talk.conversation.session().output().empty()) {
      const auto bytes = talk.conversation.session().output();
      EXPECT_TRUE(collector.receive(bytes, heard));
      talk.conversation.session().consume(bytes.size());
    }
    for (const auto& message : heard.messages) {
      if (const auto* one = std::get_if<wire::Happening>(&message)) ids.push_back(one->id);
    }
    return ids;
  };
  EXPECT_TRUE(told().empty()) << "not before the Welcome";
  talk.welcome();
  EXPECT_EQ(told().size(), Conversation::kMostReports);
  EXPECT_TRUE(told().empty());
  talk.hear(wire::Ack{{}, {1, 2, 3}});
  EXPECT_EQ(told(), (std::vector<std::uint64_t>{21, 22, 23}));
  EXPECT_EQ(talk.host.happened.size(), Conversation::kMostReports + 2);
}

}  // namespace
}  // namespace vedette::link
