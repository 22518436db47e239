// The same scenario over WebSocket, Server-Sent Events and long polling, through a whole collector: the events are the
// same, cut off and resumed or not.
#include <deque>
#include <optional>
#include <vector>

#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

/// Follows the alerts, the fleet and one host; ends where it is destroyed.
class Transport {
 public:
  virtual ~Transport() = default;
  /// The next snapshot or delta; null at the end of the connection.
  virtual json next() = 0;
};

class OverSocket final : public Transport {
 public:
  OverSocket(const World& world, const std::vector<std::string>& topics, const std::optional<std::string>& cursor)
      : client_(world.viewer()) {
    json subscribe{{"op", "subscribe"}, {"topics", topics}};
    if (cursor) subscribe["cursor"] = *cursor;
    client_->write(masked(kText, subscribe.dump()));
  }
  json next() override {
    for (;;) {
      const auto [opcode, payload] = client_->frame();
      if (opcode == 0) return {};
      if (opcode != kText) continue;
      if (json message = json::parse(payload); message["type"] != "beat") return message;
    }
  }

 private:
  std::unique_ptr<Client> client_;
};

std::string list_of(const std::vector<std::string>& topics) {
  std::string list;
  for (const auto& topic : topics) list += (list.empty() ? "" : ",") + topic;
  return list;
}

class OverEvents final : public Transport {
 public:
  OverEvents(const World& world, const std::vector<std::string>& topics, const std::optional<std::string>& cursor)
      : client_(world.events(list_of(topics), cursor ? "Last-Event-ID: " + *cursor + "\r\n" : "")) {
    head = client_->read_until("\r\n\r\n");
  }
  json next() override {
    for (;;) {
      std::string id, name, data, line;
      while (!(line = next_line()).empty() || data.empty()) {
        if (ended_) return {};
        if (line.starts_with("id: ")) id = line.substr(4);
        if (line.starts_with("event: ")) name = line.substr(7);
        if (line.starts_with("data: ")) data = line.substr(6);
      }
      json message = json::parse(data);
      if (name == "close") return closed = message, json();
      EXPECT_EQ(message.at("cursor"), id);
      if (message["type"] != "beat") return message;
    }
  }

  std::string head;
  json closed;  ///< what the last event said of the end

 private:
  /// One line of the body, chunks put together.
  std::string next_line() {
    std::size_t end;
    while ((end = body_.find('\n')) == std::string::npos) {
      const std::string size = client_->read_until("\r\n");
      const std::size_t bytes = size.empty() ? 0 : std::stoul(size, nullptr, 16);
      if (bytes == 0) return ended_ = true, std::string();
      body_ += client_->read(bytes + 2).substr(0, bytes);
    }
    const std::string line = body_.substr(0, end);
    body_.erase(0, end + 1);
    return line;
  }

  std::unique_ptr<Client> client_;
  std::string body_;
  bool ended_ = false;
};

class OverPolls final : public Transport {
 public:
  OverPolls(const World& world, std::vector<std::string> topics, std::optional<std::string> cursor)
      : world_(world), topics_(std::move(topics)), cursor_(std::move(cursor)) {}
  json next() override {
    while (waiting_.empty()) {
      const std::string path = "/api/v1/live/poll?topics=" + list_of(topics_) + (cursor_ ? "&cursor=" + *cursor_ : "");
      const json body = json::parse(body_of(get(*world_.collector, path, "Cookie: " + world_.cookie + "\r\n")));
      cursor_ = body.at("cursor");
      for (const json& event : body.at("events")) waiting_.push_back(event);
    }
    json message = waiting_.front();
    waiting_.pop_front();
    return message;
  }

 private:
  const World& world_;
  std::vector<std::string> topics_;
  std::optional<std::string> cursor_;
  std::deque<json> waiting_;
};

enum class Kind { socket, events, polls };
std::unique_ptr<Transport> open(Kind kind, const World& world, const std::vector<std::string>& topics,
                                const std::optional<std::string>& cursor = {}) {
  switch (kind) {
    case Kind::socket:
      return std::make_unique<OverSocket>(world, topics, cursor);
    case Kind::events:
      return std::make_unique<OverEvents>(world, topics, cursor);
    case Kind::polls:
      break;
  }
  return std::make_unique<OverPolls>(world, topics, cursor);
}

/// All messages up to the one that shows this tick of the host.
std::vector<json> until(Transport& transport, double tick) {
  std::vector<json> all;
  for (;;) {
    all.push_back(transport.next());
    if (all.back().is_null()) return all;
    if (!all.back().at("topic").get<std::string>().starts_with("host/")) continue;
    for (const json& row : all.back().at("rows")) {
      if (row.at(0) == tick) return all;
    }
  }
}

TEST(LiveTransports, TellTheSameEventsWholeAndResumed) {
  World world;
  const std::vector<std::string> topics = {"fleet", "alerts", "host/" + world.agent.id};
  const std::vector kinds = {Kind::socket, Kind::events, Kind::polls};
  std::vector<std::unique_ptr<Transport>> transports;
  std::vector<std::vector<json>> seen(kinds.size());
  for (const Kind kind : kinds) transports.push_back(open(kind, world, topics));
  for (std::size_t i = 0; i < kinds.size(); ++i) {  // each begins with the three snapshots, at a place of its own
    for (const std::string& topic : topics) {
      const json snapshot = transports[i]->next();
      EXPECT_EQ(snapshot["type"], "snapshot");
      EXPECT_EQ(snapshot["topic"], topic);
      seen[i].push_back(snapshot);
    }
  }
  const auto cursor_of = [&](std::size_t i) { return seen[i].back().at("cursor").get<std::string>(); };
  std::uint64_t common = 0;
  for (std::size_t i = 0; i < kinds.size(); ++i) common = std::max(common, number_of(cursor_of(i)));
  const auto after_common = [&](const std::vector<json>& messages) {
    std::vector<json> later;
    for (const json& message : messages) {
      if (number_of(message.at("cursor")) > common) later.push_back(message);
    }
    return later;
  };
  const auto follow = [&](double tick) {
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      for (json& message : until(*transports[i], tick)) seen[i].push_back(std::move(message));
    }
  };
  for (int n = 0; n < 3; ++n) follow(world.agent.tick());
  EXPECT_GE(after_common(seen[0]).size(), 3u);
  EXPECT_EQ(after_common(seen[1]), after_common(seen[0]));
  EXPECT_EQ(after_common(seen[2]), after_common(seen[0]));

  // Cut off, missing three ticks, and back with the cursor.
  std::vector<std::string> cursors;
  for (std::size_t i = 0; i < kinds.size(); ++i) cursors.push_back(cursor_of(i));
  transports.clear();
  double last = 0;
  for (int n = 0; n < 3; ++n) last = world.agent.tick();
  for (std::size_t i = 0; i < kinds.size(); ++i) transports.push_back(open(kinds[i], world, topics, cursors[i]));
  follow(last);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    for (std::size_t n = topics.size(); n < seen[i].size(); ++n) EXPECT_EQ(seen[i][n]["type"], "delta") << seen[i][n];
  }
  EXPECT_EQ(after_common(seen[1]), after_common(seen[0]));
  EXPECT_EQ(after_common(seen[2]), after_common(seen[0]));
}

TEST(LiveTransports, AnEventStreamIsWhatBrowsersTakeForOne) {
  World world;
  OverEvents events(world, {"fleet"}, {});
  EXPECT_TRUE(events.head.starts_with("HTTP/1.1 200 ")) << events.head;
  EXPECT_NE(events.head.find("Content-Type: text/event-stream\r\n"), std::string::npos) << events.head;
  EXPECT_NE(events.head.find("Cache-Control: no-store\r\n"), std::string::npos) << events.head;
}

TEST(LiveTransports, RefuseWithWords) {
  World world;
  const std::string login = "Cookie: " + world.cookie + "\r\n";
  for (const std::string path : {"/api/v1/live/events", "/api/v1/live/poll"}) {
    EXPECT_TRUE(get(*world.collector, path + "?topics=fleet").starts_with("HTTP/1.1 401 "));
    EXPECT_NE(get(*world.collector, path, login).find("topics is missing"), std::string::npos);
    const std::string wrong = get(*world.collector, path + "?topics=fleet,hosts", login);
    EXPECT_TRUE(wrong.starts_with("HTTP/1.1 400 ")) << wrong;
    EXPECT_NE(wrong.find("hosts"), std::string::npos) << wrong;
  }
}

TEST(LiveTransports, EndWithTheLogin) {
  World world;
  const auto socket = open(Kind::socket, world, {"fleet"});
  OverEvents events(world, {"fleet"}, {});
  socket->next();
  events.next();
  Client client(world.collector->port());
  client.write(
      "DELETE /api/v1/session HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n"
      "X-Requested-With: vedette\r\nCookie: " +
      world.cookie + "\r\n\r\n");
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 204 "));
  while (!socket->next().is_null()) {
  }
  while (!events.next().is_null()) {
  }
  EXPECT_EQ(events.closed["code"], 4401) << events.closed;
}

TEST(LiveTransports, AWaitingPollDoesNotHoldUpAStop) {
  World world;
  const std::string login = "Cookie: " + world.cookie + "\r\n";
  const json first = json::parse(body_of(get(*world.collector, "/api/v1/live/poll?topics=alerts", login)));
  Client client(world.collector->port());
  client.write("GET /api/v1/live/poll?topics=alerts&cursor=" + first.at("cursor").get<std::string>() +
               " HTTP/1.1\r\nHost: localhost\r\n" + login + "\r\n");
  while (metric(*world.collector, "live_viewers") != "1") {
  }
  world.collector->stop();
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 503 "));
}

}  // namespace
}  // namespace vedette::app
