// What viewers may send, over all three transports: messages of a WebSocket, and topics, cursor and Last-Event-ID of
// requests for event streams and polls, from the request head down to the hub. The input is lines: "GET …" is a
// request ("GET /target", a tab, Last-Event-ID), "~" lets a row change and time pass, "^" revokes a host or undoes
// that, others are messages of one WebSocket.
#include <nlohmann/json.hpp>
#include <string_view>

#include "schema/units/utf8.h"
#include "server/api/live_route.h"
#include "server/live/event_stream.h"
#include "server/live/polls.h"
#include "server/net/request_head.h"
#include "tests/fuzz/require.h"
#include "tests/server/live/bench.h"

namespace {

using namespace vedette;
using nlohmann::json;

constexpr const char* kHost = "host/00112233445566778899aabbccddeeff";
constexpr live::Limits kLimits{.topics = 3, .host_topics = 4, .message = 400, .polls = 5, .polls_of_login = 4};

/// Somebody is always logged in.
struct OpenGate final : domain::Gatekeeper {
  units::Result<domain::Person> person(const domain::RequestHead&) override {
    return domain::Person{1, "ann", domain::AccessRole::viewer, "ann", units::Instant::max()};
  }
  units::Result<void> origin(const domain::RequestHead&) override { return {}; }
  units::Result<domain::HostRecord> host(const domain::RequestHead&) override {
    return units::fail(units::ErrorCode::unauthorized, "no key");
  }
};

/// Every message a viewer gets, whatever brings it.
void check_message(const json& message, const std::set<std::string>& types) {
  fuzz::require(types.contains(message.at("type")), "a message is of a known type");
  if (message.contains("topic")) fuzz::require(live::is_topic(message.at("topic").get<std::string>()), "a topic");
  if (message.contains("cursor")) {
    const auto cursor = live::parse_cursor(message.at("cursor").get<std::string>());
    fuzz::require(cursor && cursor->run == "run7", "a cursor is of this run");
  }
}

/// An event stream's lines are its own: nothing that a viewer sent makes another.
void check_stream(std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    fuzz::require(end != std::string_view::npos, "lines are whole");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.empty() || line.starts_with(':') || line.starts_with("retry: ") || line == "event: close") continue;
    if (line.starts_with("id: ")) {
      fuzz::require(live::parse_cursor(line.substr(4)).has_value(), "an id is a cursor");
      continue;
    }
    fuzz::require(line.starts_with("data: "), "a field of an event");
    const json data = json::parse(line.substr(6));
    if (!data.contains("code")) check_message(data, {"snapshot", "delta", "beat", "error"});
  }
}

struct Stream final : domain::BodyStream {
  explicit Stream(domain::Executor& its_loop) : on(its_loop) {}
  domain::Executor& loop() noexcept override { return on; }
  bool write(std::shared_ptr<const std::string> piece) override {
    if (!finished) check_stream(*piece);
    return !finished;
  }
  void finish(std::optional<units::Milliseconds>) override { finished = true; }
  void abort() override { finished = true; }
  [[nodiscard]] std::size_t queued_bytes() const noexcept override { return 0; }

  domain::Executor& on;
  std::shared_ptr<domain::StreamHandler> handler;
  bool finished = false;
};

/// The collector's way from a request to the hub, without sockets.
struct World {
  live::Bench bench{kLimits};
  live::Polls polls{bench.hub, bench.control};
  OpenGate gate;
  api::Router router{gate, [](const std::function<void()>& task) {
                       task();
                       return true;
                     }};
  live::Client socket{bench};
  std::vector<std::unique_ptr<Stream>> streams;
  int asked = 0, answered = 0;
  int changes = 0;

  World() {
    const live::Login login{"ann", units::Instant::max()};
    api::LivePorts ports;
    ports.stream = [this, login](const domain::Person&, api::LiveQuery query, const std::string& peer) {
      return std::make_shared<live::EventStream>(bench.hub, login,
                                                 live::Watch{std::move(query.topics), std::move(query.cursor)}, peer);
    };
    ports.poll = [this, login](const domain::Person&, api::LiveQuery query, domain::Responder respond) {
      polls.poll(login, {std::move(query.topics), std::move(query.cursor)}, std::move(respond));
    };
    ports.topics = [](const std::vector<std::string_view>& lists) { return live::parse_topic_lists(lists); };
    api::add_live_routes(router, std::move(ports), kLimits.message);
  }
  ~World() {
    for (const auto& stream : streams) stream->handler->on_end("FIN");
    socket.end();
    bench.pass(kLimits.flush_most);  // what was asked for is answered before polls end for want of news
    bench.pass(kLimits.poll + units::Milliseconds{1});
    fuzz::require(answered == asked, "every request is answered");
    fuzz::require(bench.hub.counters().viewers == 0, "nobody is left");
  }

  void message(std::string_view text) {
    if (text.size() > 2 * kLimits.message || !units::is_utf8(text)) return;  // the session sees to both
    socket.ask(std::string(text));
    bench.pass(kLimits.flush_most);
    fuzz::require(!socket.connection.paused, "every request is answered and the next one read");
    for (const json& got : socket.take()) check_message(got, {"snapshot", "delta", "beat", "error"});
  }

  void request(std::string_view line) {
    const std::size_t tab = std::min(line.find('\t'), line.size());
    std::string head(line.substr(0, tab));
    head += " HTTP/1.1\r\nHost: collector\r\n";
    if (tab < line.size()) head.append("Last-Event-ID: ").append(line.substr(tab + 1)).append("\r\n");
    auto parsed = net::parse_head(head + "\r\n");
    if (!parsed || streams.size() > 4) return;
    ++asked;
    router.handle({std::move(parsed->head), {}}, [this](domain::Response response) { answer(std::move(response)); });
    bench.settle();
  }

  void answer(domain::Response response) {
    ++answered;
    fuzz::require(answered <= asked, "a request is answered once");
    if (response.stream) {
      streams.push_back(std::make_unique<Stream>(bench.loop));
      streams.back()->handler = response.stream;
      return response.stream->on_open(*streams.back());
    }
    const json body = response.body.empty() ? json::object() : json::parse(response.body);
    if (response.status != 200 || !body.contains("events")) return;
    for (const json& event : body.at("events")) check_message(event, {"snapshot", "delta", "error"});
    fuzz::require(live::parse_cursor(body.at("cursor").get<std::string>()).has_value(), "the next cursor");
  }

  void revoke() {
    if (!bench.revoked.insert(kHost).second) bench.revoked.clear();
    bench.hub.on_host_revoked(domain::HostNumber{1});
    bench.settle();
    for (const json& got : socket.take()) check_message(got, {"snapshot", "delta", "beat", "error"});
  }

  void change() {
    bench.tick("web", ++changes);
    bench.hub.publish("alerts", std::to_string(changes), "[\"a\",1]", false);
    if (bench.hub.watched(kHost)) {
      bench.hub.header(kHost, changes % 2 == 0 ? "[\"t\"]" : "[\"t\",\"load\"]");
      bench.hub.publish(kHost, std::to_string(changes), "[1,2]", true);
    }
    bench.pass(units::Milliseconds{changes % 8 == 0 ? 6'000 : 60});
    for (const json& got : socket.take()) check_message(got, {"snapshot", "delta", "beat", "error"});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  World world;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with("GET ")) {
      world.request(line);
    } else if (line == "~") {
      world.change();
    } else if (line == "^") {
      world.revoke();
    } else {
      world.message(line);
    }
  }
  return 0;
}
