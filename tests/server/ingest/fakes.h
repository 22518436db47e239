// What an agent's connection needs around it, without threads: one clock and executor, a connection that keeps what it
// was given, a store that commits when told.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "schema/metrics/catalogue.h"
#include "schema/wire/rows.h"
#include "schema/wire/session.h"
#include "server/ingest/agent_stream.h"

namespace vedette::ingest {

using namespace std::chrono_literals;
using domain::HostNumber;
using domain::SharedBatch;
using units::Instant;
namespace seen = domain::seen;

constexpr HostNumber kHost{7};
constexpr std::uint64_t kStream = 0xabc, kOld = 0x123;

/// Time, the loop and the control thread in one: advance() runs what is due.
struct Stage final : domain::Executor, domain::Clock {
  Instant wall = Instant{} + 490'000h;
  units::Steady mono = units::Steady{} + 1h;
  std::map<std::pair<units::Steady, TimerId>, Task> timers;
  TimerId last = 0;
  void post(Task task) override { task(); }
  TimerId after(units::Milliseconds delay, Task task) override {
    timers.emplace(std::pair(mono + delay, ++last), std::move(task));
    return last;
  }
  void cancel(TimerId timer) override {
    std::erase_if(timers, [&](const auto& entry) { return entry.first.second == timer; });
  }
  Instant now() const override { return wall; }
  units::Steady steady() const override { return mono; }
  void jump(units::Milliseconds span) {  ///< time passes and nobody runs
    mono += span;
    wall += span;
  }
  void advance(units::Milliseconds span) {
    const auto until = mono + span;
    while (!timers.empty() && timers.begin()->first.first <= until) {
      auto node = timers.extract(timers.begin());
      if (node.key().first > mono) jump(std::chrono::floor<units::Milliseconds>(node.key().first - mono));
      node.mapped()();
    }
    jump(std::chrono::floor<units::Milliseconds>(until - mono));
  }
};

struct FakeHistory final : domain::HistoryStore {
  std::vector<domain::StoredSeries> known;
  std::vector<std::array<std::uint8_t, 16>> boots;
  std::map<std::uint64_t, std::uint64_t> accepted;
  std::set<std::uint64_t> touched;
  std::vector<SharedBatch> kept;
  bool room = true;
  Committed committed;

  units::Result<std::vector<domain::SeriesNumber>> assign(HostNumber, std::span<const metrics::Series> all) override {
    std::vector<domain::SeriesNumber> numbers;
    for (const auto& series : all) {
      const auto same = [&](const domain::StoredSeries& one) { return one.series.key == series.key; };
      auto it = std::ranges::find_if(known, same);
      if (it == known.end()) {
        known.push_back({domain::SeriesNumber{static_cast<std::uint32_t>(known.size())}, series});
        it = known.end() - 1;
      }
      numbers.push_back(it->number);
    }
    return numbers;
  }
  std::vector<domain::StoredSeries> series(HostNumber) const override { return known; }
  std::uint32_t boot_number(HostNumber, const std::array<std::uint8_t, 16>& boot) override {
    if (std::ranges::find(boots, boot) == boots.end()) boots.push_back(boot);
    return static_cast<std::uint32_t>(std::ranges::find(boots, boot) - boots.begin()) + 1;
  }
  std::uint32_t newest_boot(HostNumber) const override { return static_cast<std::uint32_t>(boots.size()); }
  bool submit(SharedBatch batch) override {
    const auto last = batch->first + batch->ticks.size() - 1;
    touched.insert(batch->stream);
    if (last <= accepted[batch->stream]) return true;
    if (!room) return false;
    accepted[batch->stream] = last;
    kept.push_back(std::move(batch));
    return true;
  }
  std::uint64_t resume_point(HostNumber, std::uint64_t stream) const override {
    const auto it = accepted.find(stream);
    return it == accepted.end() ? 0 : it->second;
  }
  void on_commit(Committed callback) override { committed = std::move(callback); }
  void commit() {
    std::vector<domain::StreamMark> marks;
    for (const auto stream : touched) marks.push_back({kHost, stream, accepted[stream]});
    touched.clear();
    committed(marks);
  }
  units::Result<domain::HistoryAnswer> query(const domain::HistoryQuery&) const override {
    return domain::HistoryAnswer{};
  }
  units::Result<std::vector<domain::CounterIncreases>> increases(const domain::IncreaseQuery&) const override {
    return std::vector<domain::CounterIncreases>{};
  }
  std::optional<Instant> newest(HostNumber) const override { return std::nullopt; }
  bool covered(HostNumber, Instant, Instant, units::Milliseconds) const override { return false; }
  units::Result<void> forget(HostNumber) override { return {}; }
  std::string trouble() const override { return {}; }
  void stop() override {}
};

struct FakeConnection final : domain::Connection {
  FakeConnection(Stage& on, std::uint64_t number) : stage(on), number_(number), heard(on.mono) {}
  Stage& stage;
  std::uint64_t number_;
  units::Steady heard;
  std::vector<wire::CollectorMessage> sent;
  std::vector<std::string> pings;
  std::vector<std::pair<std::uint16_t, std::string>> closes;
  bool paused = false, aborted = false;
  domain::NetworkPath way;
  std::optional<domain::TcpState> tcp = domain::TcpState{0, 0ms};

  domain::ConnectionId id() const noexcept override { return domain::ConnectionId{number_}; }
  std::string_view peer() const noexcept override { return "192.0.2.7:5000"; }
  const domain::NetworkPath& path() const noexcept override { return way; }
  domain::Executor& loop() noexcept override { return stage; }
  bool send_text(std::string_view) override { return true; }
  bool send_binary(std::string_view payload) override {
    auto message = wire::decode_collector({reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()});
    EXPECT_TRUE(message) << message.error().message;
    sent.push_back(std::move(*message));
    return true;
  }
  bool send_frame(domain::SharedFrame) override { return true; }
  bool ping(std::string_view payload) override {
    pings.emplace_back(payload);
    return true;
  }
  void close(std::uint16_t code, std::string_view reason) override { closes.emplace_back(code, reason); }
  void abort() override { aborted = true; }
  void pause_reading(bool pause) override { paused = pause; }
  bool reading_paused() const noexcept override { return paused; }
  std::size_t queued_bytes() const noexcept override { return 0; }
  units::Steady last_received() const noexcept override { return heard; }
  std::optional<domain::TcpState> tcp_state() const override { return tcp; }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& message : sent) {
      if (const auto* one = std::get_if<T>(&message)) out.push_back(*one);
    }
    return out;
  }
};

struct FakeRouter final : domain::ConnectionRouter {
  std::map<domain::ConnectionId, domain::Connection*> open;
  void with(domain::ConnectionId id, std::function<void(domain::Connection&)> task) override {
    if (const auto it = open.find(id); it != open.end()) task(*it->second);
  }
};

struct FakeObserver final : domain::HostObserver {
  std::vector<domain::Sighting> sightings;
  std::vector<SharedBatch> batches;
  std::vector<std::string> troubles;
  void on_sighting(HostNumber, Instant, const domain::Sighting& sighting) override { sightings.push_back(sighting); }
  void on_ticks(const SharedBatch& batch) override { batches.push_back(batch); }
  void on_own_trouble(Instant, std::string_view what) override { troubles.emplace_back(what); }

  template <class T>
  std::vector<T> all() const {
    std::vector<T> out;
    for (const auto& sighting : sightings) {
      if (const auto* one = std::get_if<T>(&sighting)) out.push_back(*one);
    }
    return out;
  }
};

inline domain::HostRecord record() {
  domain::HostRecord host;
  host.number = kHost;
  host.name = "web";
  return host;
}

inline wire::Hello hello(std::uint64_t stream = kStream, std::uint8_t boot = 1) {
  wire::Hello message;
  message.stream = stream;
  message.boot_id[0] = boot;
  return message;
}

inline wire::Announce announce() {
  return {{{0, metrics::series_of("system.cpu.load_average.1m")}}};
}

inline wire::TickRow row(Instant at, std::int64_t value = 5) {
  return {at, {metrics::integer(value)}};
}

/// `count` ticks of one second from `from` on.
inline wire::Backfill backfill(std::uint64_t stream, std::uint64_t first, Instant from, std::size_t count) {
  std::vector<wire::TickRow> rows;
  for (std::size_t i = 0; i < count; ++i) rows.push_back(row(from + static_cast<int>(i) * 1s));
  wire::Backfill message;
  message.stream = stream;
  message.first = first;
  message.boot_id[0] = 1;
  message.chunk = chunk::encode(wire::table_of(rows, {false}));
  return message;
}

}  // namespace vedette::ingest
