// A day's network cut, from the agent's spool through its conversation and the collector's ingest into the store: the
// real parts of both ends, with time by hand and a line in place of the network.
#include <map>
#include <numeric>

#include "agent/link/conversation.h"
#include "agent/sample/schedule.h"
#include "agent/spool/spool.h"
#include "schema/units/bytes.h"
#include "server/ingest/agent_streams.h"
#include "tests/fake_processes.h"
#include "tests/server/history/a_store.h"

namespace vedette {
namespace {

using namespace std::chrono_literals;
using history::kHost;

constexpr std::int64_t kSeries = 10;
constexpr units::Milliseconds kAhead{2h};  // the host's clock is this wrong

/// Time, the loop and the control thread in one. The store's threads read the clock.
class Stage final : public domain::Executor, public domain::Clock {
 public:
  void post(Task task) override { task(); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers_.emplace(std::pair(clock_ms_ + delay.count(), ++last_), std::move(task));
    return last_;
  }
  void cancel(TimerId timer) override {
    std::erase_if(timers_, [&](const auto& entry) { return entry.first.second == timer; });
  }
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(history::kStart + clock_ms_); }
  [[nodiscard]] units::Steady steady() const override { return units::Steady{} + 1h + units::Milliseconds(clock_ms_); }
  void advance(units::Milliseconds span) {
    const std::int64_t until = clock_ms_ + span.count();
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      auto node = timers_.extract(timers_.begin());
      clock_ms_ = std::max<std::int64_t>(clock_ms_, node.key().first);
      node.mapped()();
    }
    clock_ms_ = until;
  }

 private:
  std::atomic<std::int64_t> clock_ms_{0};
  std::map<std::pair<std::int64_t, TimerId>, Task> timers_;
  TimerId last_ = 0;
};

/// The agent without sources and sockets: a spool as configured for a day and an hour, and what app/ binds to it.
class Agent final : public link::Backlog, public link::Host {
 public:
  explicit Agent(const Stage& stage) : stage_(stage) {
    for (std::int64_t i = 0; i < kSeries; ++i) {
      series_.push_back({{"test.level", {{"n", std::to_string(i)}}}, "1", metrics::Kind::gauge, {1, 1}});
    }
  }
  void take_tick() {
    wire::TickRow row{wall_clock(), {}};
    for (std::int64_t i = 0; i < kSeries; ++i) row.cells.push_back(metrics::integer(taken * (i + 1)));
    spool.add(std::move(row), reals_);
    ++taken;
  }
  void begin(wire::StreamId stream) override { spool.begin(stream); }
  void withdraw() override { spool.withdraw(); }
  [[nodiscard]] std::vector<wire::OpenStream> open() const override { return spool.open(); }
  [[nodiscard]] std::optional<Batch> read(wire::StreamId stream, wire::TickNumber from, std::size_t most) override {
    auto batch = spool.read(stream, from, most);
    return batch ? std::optional(Batch{batch->first, std::move(batch->rows), {}}) : std::nullopt;
  }
  void release(wire::StreamId stream, wire::TickNumber last) override { spool.release(stream, last); }
  void set_aside(wire::StreamId stream, wire::TickNumber last) override { spool.set_aside(stream, last); }
  [[nodiscard]] std::uint64_t dropped() const override { return spool.dropped(); }
  [[nodiscard]] wire::Facts facts() override { return {}; }
  [[nodiscard]] wire::Id128 boot_id() const override { return {1}; }
  [[nodiscard]] wire::Id128 run_id() const override { return {2}; }
  [[nodiscard]] units::Instant wall_clock() const override { return stage_.now() + kAhead; }
  [[nodiscard]] std::span<const metrics::Series> series() const override { return series_; }
  [[nodiscard]] const std::vector<bool>& reals() const override { return reals_; }
  void welcomed(units::Instant collector_time, units::Milliseconds round_trip, units::Steady) override {
    spool.confirm(sample::clock_offset(collector_time, wall_clock(), round_trip));
  }
  void set_interval(units::Milliseconds, units::Steady) override {}
  [[nodiscard]] std::vector<Report> reports(const std::set<std::uint64_t>&, std::size_t) const override { return {}; }
  void reports_acked(std::span<const std::uint64_t>) override {}

  /// Ticks that no Ack has released.
  [[nodiscard]] std::uint64_t kept() const {
    const auto streams = spool.open();
    return std::accumulate(streams.begin(), streams.end(), std::uint64_t{0},
                           [](std::uint64_t sum, const auto& one) { return sum + one.last - one.first + 1; });
  }

  spool::Spool spool{1, {units::mib(8), 25h}};
  std::int64_t taken = 0;

 private:
  const Stage& stage_;
  std::vector<metrics::Series> series_;
  std::vector<bool> reals_ = std::vector<bool>(kSeries, false);
};

/// One connection: the agent's conversation, the collector's handler and the bytes between them.
class Line final : public domain::Connection, private wire::SessionEvents {
 public:
  Line(Stage& stage, Agent& agent, ingest::AgentStreams& streams, std::uint64_t number)
      : stage_(stage), number_(number), talk_(agent, agent, {.stream = 100 + number, .version = "test"}) {
    domain::HostRecord record;
    record.number = kHost;
    handler_ = streams.accept(record);
    handler_->on_open(*this);
    talk_.start(stage_.steady());
  }
  /// What both ends have to say by now.
  void carry() {
    talk_.pump(stage_.steady());
    for (bool moved = true; moved;) {
      moved = !paused_ && move(talk_.session(), [this](auto bytes) {
        heard_ = stage_.steady();
        EXPECT_TRUE(collector_.receive(bytes, *this));
      });
      moved |= move(collector_, [this](auto bytes) { EXPECT_TRUE(talk_.receive(bytes, stage_.steady())); });
    }
  }
  /// The cable is cut: what is on its way is lost, and the collector notices.
  void cut() { handler_->on_end({.how = domain::Ending::How::without_close, .code = 1006, .words = "RST"}); }

  [[nodiscard]] domain::ConnectionId id() const noexcept override { return domain::ConnectionId{number_}; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "192.0.2.7:5000"; }
  [[nodiscard]] const domain::NetworkPath& path() const noexcept override { return path_; }
  [[nodiscard]] domain::Executor& loop() noexcept override { return stage_; }
  bool send_text(std::string_view) override { return false; }
  bool send_binary(std::string_view payload) override { return collector_.send(wire::Opcode::binary, payload); }
  bool send_frame(domain::SharedFrame) override { return false; }
  bool ping(std::string_view payload) override { return collector_.ping(payload); }
  void close(std::uint16_t code, std::string_view reason) override { ADD_FAILURE() << code << " " << reason; }
  void abort() override { ADD_FAILURE() << "the collector gave the connection up"; }
  void pause_reading(bool paused) override { paused_ = paused; }
  [[nodiscard]] bool reading_paused() const noexcept override { return paused_; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return collector_.queued(); }
  [[nodiscard]] units::Steady last_received() const noexcept override { return heard_; }
  [[nodiscard]] std::optional<domain::TcpState> tcp_state() const override { return domain::TcpState{0, 0ms}; }

 private:
  template <class Take>
  static bool move(wire::Session& from, const Take& take) {
    const auto waiting = from.output();
    if (waiting.empty()) return false;
    const std::string bytes(reinterpret_cast<const char*>(waiting.data()), waiting.size());
    from.consume(bytes.size());
    take(units::as_bytes(bytes));
    return true;
  }
  void on_message(wire::Opcode, std::span<const std::uint8_t> data) override { handler_->on_binary(data); }
  void on_ping(std::span<const std::uint8_t>) override {}
  void on_pong(std::span<const std::uint8_t> data) override { handler_->on_pong(data); }
  void on_close(std::uint16_t code, std::string_view reason) override { ADD_FAILURE() << code << " " << reason; }

  Stage& stage_;
  std::uint64_t number_;
  domain::NetworkPath path_;
  link::Conversation talk_;
  wire::Session collector_{wire::Role::server, {}};
  std::unique_ptr<domain::ConnectionHandler> handler_;
  units::Steady heard_ = stage_.steady();
  bool paused_ = false;
};

struct Nobody final : domain::HostObserver, domain::ConnectionRouter {
  void on_sighting(domain::HostNumber, units::Instant, const domain::Sighting&) override {}
  void on_ticks(const domain::SharedBatch&) override {}
  void on_own_trouble(units::Instant, std::string_view) override {}
  void with(domain::ConnectionId, std::function<void(domain::Connection&)>) override {}
};

struct World {
  tests::TemporaryDirectory directory;
  Stage stage;
  std::unique_ptr<history::Store> store;
  Nobody nobody;
  tests::FakeProcesses processes;
  std::optional<ingest::AgentStreams> streams;
  Agent agent{stage};
  std::unique_ptr<Line> line;
  std::uint64_t lines = 0;

  World() {
    auto made = history::Store::open(history::options_in(directory.path()), stage);
    if (!made) std::abort();
    store = std::move(*made);
    streams.emplace(*store, processes, nobody, stage, nobody, stage);
    store->start();
  }
  void connect() {
    line = std::make_unique<Line>(stage, agent, *streams, ++lines);
    line->carry();  // at once: the round trip is 0, and the clocks' difference exact
  }
  void cut() {
    line->cut();
    line.reset();
  }
  /// A second of a connected agent, at whose end what came is durable.
  void second() {
    for (int i = 0; i < 10; ++i) {
      stage.advance(100ms);
      if (i == 9) agent.take_tick();
      line->carry();
    }
    ASSERT_TRUE(store->flush());
  }
};

/// Every tick that was taken is answered once, at its time by the collector's clock, with its values.
void expect_every_tick_once(const World& w) {
  const std::int64_t count = w.agent.taken;
  EXPECT_EQ(w.store->counts().ticks, static_cast<std::uint64_t>(count));
  const units::Instant from = units::from_unix_ms(history::kStart);
  const auto answer = w.store->query({kHost, {{"test.level", std::nullopt}}, from, w.stage.now(), 0ms, false});
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->series.size(), static_cast<std::size_t>(kSeries));
  for (const auto& columns : answer->series) {
    const std::int64_t i = std::stoll(columns.series.key.attributes.at(0).value);
    ASSERT_EQ(columns.t.size(), static_cast<std::size_t>(count)) << i;
    for (std::int64_t n = 0; n < count; ++n) {
      ASSERT_EQ(columns.t[static_cast<std::size_t>(n)], from + (n + 1) * 1s) << i;
      ASSERT_EQ(columns.average[static_cast<std::size_t>(n)], static_cast<double>(n * (i + 1))) << i;
    }
  }
}

TEST(NetworkDay, OfADaysCutEveryTickArrivesOnceThoughTheBackfillIsCutTooAndTheHostsClockIsWrong) {
  World w;
  w.connect();
  for (int s = 0; s < 7; ++s) w.second();
  w.cut();
  for (int s = 0; s < 86'400; ++s) {
    w.stage.advance(1s);
    w.agent.take_tick();
  }
  EXPECT_GE(w.agent.kept(), 86'400U);
  w.connect();
  for (int s = 0; s < 10; ++s) w.second();
  const std::uint64_t left = w.agent.kept();
  EXPECT_LT(left, 80'000U) << "some of it is acked";
  EXPECT_GT(left, 40'000U) << "2,400 ticks a second";
  w.cut();
  w.connect();
  int seconds = 0;
  for (; w.agent.kept() > 10 && seconds < 120; ++seconds) w.second();
  EXPECT_LE(w.agent.kept(), 10U) << "but the newest live ones everything is acked";
  EXPECT_LE(seconds, 40) << "a day takes 36 s";
  EXPECT_EQ(w.agent.spool.dropped() + w.agent.spool.put_aside(), 0U);
  expect_every_tick_once(w);
  w.cut();
  w.store->stop();
}

}  // namespace
}  // namespace vedette
