// Executors with time by hand, connections that remember, and a hub between them.
#pragma once

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "server/live/hub.h"
#include "server/live/socket_viewer.h"
#include "tests/manual_executor.h"

namespace vedette::live {

using tests::ManualExecutor;

/// A connection whose peer reads only when told.
class FakeConnection final : public domain::Connection {
 public:
  explicit FakeConnection(domain::Executor& loop) : loop_(loop) {}

  [[nodiscard]] domain::ConnectionId id() const noexcept override { return domain::ConnectionId{1}; }
  [[nodiscard]] std::string_view peer() const noexcept override { return "192.0.2.7:53124"; }
  [[nodiscard]] const domain::NetworkPath& path() const noexcept override { return path_; }
  [[nodiscard]] domain::Executor& loop() noexcept override { return loop_; }
  bool send_text(std::string_view payload) override { return queue(std::string(payload), payload.size() + 4); }
  bool send_binary(std::string_view) override { return false; }
  bool send_frame(domain::SharedFrame frame) override {
    frames.push_back(frame);
    return queue(unframed(frame->plain), frame->plain.size());
  }
  bool ping(std::string_view) override { return true; }
  void close(std::uint16_t code, std::string_view reason) override {
    if (close_code == 0) close_code = code, close_reason = reason;
  }
  void abort() override { close_code = 1006; }
  void pause_reading(bool now) override { paused = now; }
  [[nodiscard]] bool reading_paused() const noexcept override { return paused; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return queued; }
  [[nodiscard]] units::Steady last_received() const noexcept override { return {}; }
  [[nodiscard]] std::optional<domain::TcpState> tcp_state() const override { return std::nullopt; }

  std::vector<nlohmann::json> messages;
  std::vector<domain::SharedFrame> frames;  ///< of messages, those that are shared
  std::size_t queued = 0;
  bool reads = true;
  bool paused = false;
  std::uint16_t close_code = 0;
  std::string close_reason;

 private:
  bool queue(const std::string& text, std::size_t size) {
    if (close_code != 0) return false;
    messages.push_back(nlohmann::json::parse(text));
    if (!reads) queued += size;
    return true;
  }
  static std::string unframed(const std::string& frame) {
    const auto length = static_cast<unsigned char>(frame.at(1));
    return frame.substr(length == 127 ? 10 : length == 126 ? 4 : 2);
  }

  domain::Executor& loop_;
  domain::NetworkPath path_;
};

struct Bench;

/// One connected viewer.
struct Client {
  explicit Client(Bench& b, std::string sid = "ann", units::Instant expires = units::Instant::max())
      : Client(b, Login{std::move(sid), expires}) {}
  Client(Bench& b, Login login);
  ~Client() { end(); }
  void ask(const std::string& text);
  void subscribe(std::vector<std::string> topics, const std::string& cursor = {});
  void end();
  /// Reads all that waits.
  void drain();
  /// What came since the last call.
  std::vector<nlohmann::json> take();

  Bench& bench;
  FakeConnection connection;
  std::unique_ptr<SocketViewer> viewer;
};

/// A wall clock that the test sets.
struct WallClock final : domain::Clock {
  explicit WallClock(const ManualExecutor& executor) : executor_(executor) {}
  units::Instant wall{};
  [[nodiscard]] units::Instant now() const override { return wall; }
  [[nodiscard]] units::Steady steady() const override { return units::Steady(executor_.now()); }

 private:
  const ManualExecutor& executor_;
};

/// Hosts are known unless their id begins with "ff"; hosts of "ee" are for operators.
inline std::optional<std::string> refusal_of(domain::AccessRole role, std::string_view topic) {
  if (topic.starts_with("host/ff")) return "There is no host " + std::string(topic.substr(5)) + ".";
  if (topic.starts_with("host/ee") && role == domain::AccessRole::viewer) return "This host is for operators.";
  return std::nullopt;
}

struct Bench {
  explicit Bench(Limits limits = {}, std::string run = "run7")
      : hub({control, clock,
             [this](domain::AccessRole role, std::string_view topic) {
               return revoked.contains(std::string(topic)) ? "This host was revoked." : refusal_of(role, topic);
             }},
            std::move(run), limits) {
    hub.header("fleet", R"(["id","value"])");
    hub.header("alerts", R"(["id","words"])");
    hub.start();
    settle();
  }
  /// Runs both threads' tasks until none is left, without time passing.
  void settle() {
    for (bool any = true; any;) {
      any = control.run();
      any = loop.run() || any;
    }
  }
  void pass(units::Milliseconds span) {
    settle();
    control.advance(span);
    settle();
  }
  void tick(const std::string& id, int value) { hub.publish("fleet", id, nlohmann::json{id, value}.dump(), true); }

  ManualExecutor control, loop;
  WallClock clock{control};
  std::set<std::string> revoked;  ///< topics
  Hub hub;
};

inline Client::Client(Bench& b, Login login)
    : bench(b), connection(b.loop), viewer(std::make_unique<SocketViewer>(b.hub, std::move(login))) {
  viewer->on_open(connection);
  bench.settle();
}
inline void Client::ask(const std::string& text) {
  viewer->on_text(text);
  bench.settle();
}
inline void Client::subscribe(std::vector<std::string> topics, const std::string& cursor) {
  nlohmann::json request{{"op", "subscribe"}, {"topics", std::move(topics)}};
  if (!cursor.empty()) request["cursor"] = cursor;
  ask(request.dump());
  bench.pass(bench.hub.limits().flush_least);  // with the next flush
}
inline void Client::end() {
  if (!viewer) return;
  viewer->on_end({});
  viewer.reset();
  bench.settle();
}
inline void Client::drain() {
  connection.queued = 0;
  connection.reads = true;
  viewer->on_drained();
  bench.settle();
}
inline std::vector<nlohmann::json> Client::take() {
  return std::exchange(connection.messages, {});
}

}  // namespace vedette::live
