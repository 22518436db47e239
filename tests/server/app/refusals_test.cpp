// Every way in which a WebSocket handshake is refused, asked of a whole collector over TLS: the status, the fields that
// help a program, and words that help a person.
#include <vector>

#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

std::string field(const std::string& response, const std::string& name) {
  const std::size_t at = response.find("\r\n" + name + ": ");
  if (at == std::string::npos || at > response.find("\r\n\r\n")) return {};
  const std::size_t from = at + name.size() + 4;
  return response.substr(from, response.find("\r\n", from) - from);
}

std::string ask(const Collector& collector, const std::string& request) {
  Client client(collector.port());
  client.write(request);
  return client.response();
}

/// Beside the user, a host and a host that was revoked.
struct Known : SignedIn {
  std::string key = enrolled(bench, *collector, "web").at("key");
  std::string revoked = enrolled(bench, *collector, "old").at("key");

  Known() { EXPECT_TRUE(bench.ask({"hosts revoke", {"old"}, {}})); }
};

/// What a handshake is made of. Each case changes one thing of one that is taken; an empty field is left out.
struct Handshake {
  std::string method = "GET", path = "/api/v1/live", version = "HTTP/1.1";
  std::string upgrade = "websocket", connection = "Upgrade", socket_version = "13", key = "dGhlIHNhbXBsZSBub25jZQ==";
  std::string protocol = "vedette.live.v1", origin = "https://localhost", cookie, authorization, more;

  [[nodiscard]] std::string text() const {
    std::string out = method + " " + path + " " + version + "\r\nHost: localhost\r\n";
    const auto add = [&](const std::string& name, const std::string& value) {
      if (!value.empty()) out += name + ": " + value + "\r\n";
    };
    add("Upgrade", upgrade);
    add("Connection", connection);
    add("Sec-WebSocket-Version", socket_version);
    add("Sec-WebSocket-Key", key);
    add("Sec-WebSocket-Protocol", protocol);
    add("Origin", origin);
    add("Cookie", cookie);
    add("Authorization", authorization);
    return out + more + "\r\n";
  }
};

struct Case {
  std::string what;
  Handshake handshake;
  int status;
  std::vector<std::string> words;                           ///< all of them in the problem's detail
  std::vector<std::pair<std::string, std::string>> fields;  ///< of the answer
};

class Cases {
 public:
  explicit Cases(Handshake good) : good_(std::move(good)) {}
  void add(const std::string& what, const std::function<void(Handshake&)>& change, int status,
           std::vector<std::string> words, std::vector<std::pair<std::string, std::string>> fields = {}) {
    Handshake changed = good_;
    change(changed);
    all.push_back({what, changed, status, std::move(words), std::move(fields)});
  }
  std::vector<Case> all;

 private:
  Handshake good_;
};

void check(const Collector& collector, const Cases& cases) {
  for (const Case& one : cases.all) {
    SCOPED_TRACE(one.what);
    const std::string answer = ask(collector, one.handshake.text());
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(one.status) + " ")) << answer;
    for (const auto& [name, value] : one.fields) EXPECT_EQ(field(answer, name), value) << answer;
    EXPECT_EQ(field(answer, "Sec-WebSocket-Accept"), "");
    EXPECT_EQ(field(answer, "Content-Type"), "application/problem+json");
    const json problem = json::parse(body_of(answer), nullptr, false);
    ASSERT_TRUE(problem.is_object()) << answer;
    EXPECT_EQ(problem["status"], one.status);
    const std::string detail = problem["detail"];
    for (const auto& word : one.words) EXPECT_NE(detail.find(word), std::string::npos) << word << " in: " << detail;
  }
}

/// RFC 6455, 4.2: the same for every path.
void add_protocol_cases(Cases& cases) {
  const std::vector<std::pair<std::string, std::string>> upgrade{{"Upgrade", "websocket"},
                                                                 {"Sec-WebSocket-Version", "13"}};
  cases.add("POST", [](Handshake& h) { h.method = "POST", h.more = "Content-Length: 0\r\n"; }, 405, {"POST"},
            {{"Allow", "GET"}});
  cases.add("POST without Upgrade",
            [](Handshake& h) { h.method = "POST", h.upgrade = "", h.more = "Content-Length: 0\r\n"; }, 405,
            {"POST", "GET"}, {{"Allow", "GET, OPTIONS"}});
  cases.add("HTTP/1.0", [](Handshake& h) { h.version = "HTTP/1.0"; }, 400, {"HTTP/1.1", "HTTP/1.0"});
  cases.add("no Upgrade", [](Handshake& h) { h.upgrade = ""; }, 426, {"Upgrade: websocket"}, upgrade);
  cases.add("another Upgrade", [](Handshake& h) { h.upgrade = "h2c"; }, 426, {"Upgrade: websocket"}, upgrade);
  cases.add("no Connection", [](Handshake& h) { h.connection = ""; }, 400, {"Connection", "Upgrade", "proxy"});
  cases.add("another Connection", [](Handshake& h) { h.connection = "keep-alive"; }, 400, {"Connection", "Upgrade"});
  cases.add("no version", [](Handshake& h) { h.socket_version = ""; }, 426, {"13", "RFC 6455"}, upgrade);
  cases.add("an old version", [](Handshake& h) { h.socket_version = "8"; }, 426, {"13"}, upgrade);
  cases.add("two versions", [](Handshake& h) { h.more = "Sec-WebSocket-Version: 8\r\n"; }, 426, {"13"}, upgrade);
  cases.add("no key", [](Handshake& h) { h.key = ""; }, 400, {"Sec-WebSocket-Key", "16 bytes"});
  cases.add("a short key", [](Handshake& h) { h.key = "dGhlIHNhbXBsZQ=="; }, 400, {"Sec-WebSocket-Key"});
  cases.add("a key that is no base64", [](Handshake& h) { h.key = "dGhlIHNhbXBsZSBub25j!Q=="; }, 400,
            {"Sec-WebSocket-Key"});
  cases.add("two keys", [](Handshake& h) { h.more = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"; }, 400,
            {"once"});
  cases.add("a body", [](Handshake& h) { h.more = "Content-Length: 3\r\n"; }, 400, {"body"});
  cases.add("another subprotocol", [](Handshake& h) { h.protocol = "chat, vedette.v0"; }, 400,
            {"Sec-WebSocket-Protocol", "vedette."});
  cases.add("no subprotocol", [](Handshake& h) { h.protocol = ""; }, 400, {"Sec-WebSocket-Protocol"});
  cases.add("a malformed subprotocol", [](Handshake& h) { h.protocol = "a b"; }, 400, {"Sec-WebSocket-Protocol"});
}

TEST(Refusals, TellAViewerWhy) {
  Known world;
  Handshake good;
  good.cookie = world.cookie;
  ASSERT_TRUE(ask(*world.collector, good.text()).starts_with("HTTP/1.1 101 ")) << "what the cases change is good";
  Cases cases(good);
  add_protocol_cases(cases);
  cases.add("another Origin", [](Handshake& h) { h.origin = "https://evil.example"; }, 403,
            {"\"https://evil.example\"", "\"https://localhost\"", "allowed_origins"});
  cases.add("another port", [](Handshake& h) { h.origin = "https://localhost:8443"; }, 403,
            {"\"https://localhost:8443\"", "\"https://localhost\""});
  cases.add("no Origin", [](Handshake& h) { h.origin = ""; }, 403, {"no Origin", "\"https://localhost\""});
  cases.add("two Origins", [](Handshake& h) { h.more = "Origin: https://evil.example\r\n"; }, 403, {"more than one"});
  cases.add("no login", [](Handshake& h) { h.cookie = ""; }, 401, {"Nobody is signed in"},
            {{"WWW-Authenticate", "Cookie realm=\"vedette\""}});
  cases.add("a login that ended", [](Handshake& h) { h.cookie = "__Host-sid=" + std::string(43, 'x'); }, 401,
            {"sign in again"});
  cases.add("a path that speaks no WebSocket", [](Handshake& h) { h.path = "/api/v1/hosts"; }, 400, {"/api/v1/hosts"});
  cases.add("a path that isn't there", [](Handshake& h) { h.path = "/api/v1/none"; }, 404, {"/api/v1/none"});
  check(*world.collector, cases);
}

TEST(Refusals, TellAnAgentWhy) {
  Known world;
  Handshake good;
  good.path = "/api/v1/agent/stream";
  good.protocol = "vedette.agent.v1";
  good.origin = "";
  good.authorization = "Bearer " + world.key;
  ASSERT_TRUE(ask(*world.collector, good.text()).starts_with("HTTP/1.1 101 "));
  Cases cases(good);
  add_protocol_cases(cases);
  const std::vector<std::pair<std::string, std::string>> bearer{{"WWW-Authenticate", "Bearer realm=\"vedette\""}};
  cases.add("no key of a host", [](Handshake& h) { h.authorization = ""; }, 401, {"Enrol this host"}, bearer);
  cases.add("another scheme", [](Handshake& h) { h.authorization = "Basic YTpi"; }, 401, {"Bearer"}, bearer);
  cases.add(
      "a key that nobody has", [](Handshake& h) { h.authorization = "Bearer " + std::string(43, 'x'); }, 401,
      {"unknown here"}, bearer);
  cases.add("a person's login", [&](Handshake& h) { h.authorization = "", h.cookie = world.cookie; }, 401,
            {"host key"});
  cases.add("a host that was revoked", [&](Handshake& h) { h.authorization = "Bearer " + world.revoked; }, 403,
            {"old", "revoked"});
  check(*world.collector, cases);
}

TEST(Refusals, OfAHandshakeLeaveTheConnectionToBeUsedAgain) {
  Known world;
  Handshake stranger;
  Client client(world.collector->port());
  client.write(stranger.text());
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 401 "));
  stranger.cookie = world.cookie;
  client.write(stranger.text());
  EXPECT_TRUE(client.response().starts_with("HTTP/1.1 101 "));
}

}  // namespace
}  // namespace vedette::app
