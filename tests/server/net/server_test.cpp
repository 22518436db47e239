#include "server/net/server.h"

#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/time.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "tests/server/net/client.h"

namespace vedette::net {
namespace {

using namespace std::chrono_literals;
using testing::Client;
using testing::close_payload;
using testing::masked;
using testing::upgrade_request;

/// What happened on the loops, for the test's thread to wait for.
class Seen {
 public:
  void add(std::string what) {
    const std::scoped_lock lock(mutex_);
    what_.push_back(std::move(what));
    changed_.notify_all();
  }
  std::string next() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, 10s, [&] { return !what_.empty(); })) return "nothing";
    std::string what = std::move(what_.front());
    what_.pop_front();
    return what;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> what_;
};

std::string words(const domain::Ending& ending) {
  using How = domain::Ending::How;
  return std::string(ending.how == How::closed          ? "closed"
                     : ending.how == How::without_close ? "without_close"
                                                        : "gave_up") +
         " " + std::to_string(ending.code) + " " + ending.words + (ending.by_us ? " by us" : "");
}

/// Echoes; "close CODE" closes, "abort" aborts, "pause" stops reading. Reports its end.
class Echo final : public domain::ConnectionHandler {
 public:
  explicit Echo(Seen& seen) : seen_(seen) {}
  void on_open(domain::Connection& connection) override {
    connection_ = &connection;
    seen_.add("open");
    id = connection.id();
  }
  void on_text(std::string_view payload) override {
    if (payload.starts_with("close ")) {
      connection_->close(static_cast<std::uint16_t>(std::stoi(std::string(payload.substr(6)))), "asked to");
    } else if (payload == "abort") {
      connection_->abort();
    } else if (payload == "pause") {
      connection_->pause_reading(true);
      seen_.add("paused");
    } else if (payload == "tcp") {
      connection_->send_text(connection_->tcp_state() ? "has tcp state" : "no tcp state");
    } else {
      connection_->send_text(payload);
    }
  }
  void on_binary(std::span<const std::uint8_t> payload) override {
    connection_->send_binary({reinterpret_cast<const char*>(payload.data()), payload.size()});
  }
  void on_pong(std::span<const std::uint8_t>) override { seen_.add("pong"); }
  void on_end(const domain::Ending& ending) override { seen_.add(words(ending)); }

  static inline std::atomic<domain::ConnectionId> id{};

 private:
  Seen& seen_;
  domain::Connection* connection_ = nullptr;
};

/// /echo answers method, path and body; /later from another thread; /big much; upgrades at /ws.
class Service final : public domain::HttpService {
 public:
  Seen seen;
  domain::Responder kept;  ///< of /never

  std::size_t body_limit(const domain::RequestHead&) override { return 1'000; }
  void handle(domain::Request request, domain::Responder respond) override {
    if (request.head.path == "/later") {
      std::thread([respond = std::move(respond)] { respond(domain::json(200, "\"later\"")); }).detach();
    } else if (request.head.path == "/never") {
      kept = std::move(respond);
      seen.add("asked");
    } else if (request.head.path == "/who") {
      respond(domain::json(200, request.head.peer + (request.head.secure ? " secure" : " plain")));
    } else if (request.head.path == "/big") {
      domain::Response response = domain::json(200, {});
      response.shared_body = std::make_shared<const std::string>(20'000'000, 'b');
      respond(std::move(response));
    } else {
      respond(domain::json(200, request.head.method + " " + request.head.path + " " + request.body));
    }
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead& head, const std::vector<std::string>& offered) override {
    if (head.path != "/ws") return domain::problem(401, "not you");
    return domain::UpgradeAccepted{std::make_unique<Echo>(seen), offered.empty() ? "" : offered.front(), 10'000};
  }
};

const testing::Identity& identity() {
  static const testing::Identity one;
  return one;
}

Config test_config() {
  Config config;
  config.address = "127.0.0.1";
  config.port = 0;
  config.certificate_file = identity().certificate();
  config.key_file = identity().key();
  config.loops = 2;
  return config;
}

struct Running {
  Service service;
  Server server;
  explicit Running(Config config = test_config()) : server(std::move(config), service) {
    const auto started = server.start();
    if (!started) ADD_FAILURE() << started.error().message;
  }
  std::unique_ptr<Client> connect() { return std::make_unique<Client>(server.port()); }
  std::unique_ptr<Client> open_websocket() {
    auto client = connect();
    client->write(upgrade_request("/ws"));
    EXPECT_TRUE(client->response().starts_with("HTTP/1.1 101 "));
    EXPECT_EQ(service.seen.next(), "open");
    return client;
  }
};

std::string get(const std::string& path) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

TEST(Http, AnswersWithItsOwnFieldsAndKeepsTheConnection) {
  Running running;
  auto client = running.connect();
  for (int i = 0; i < 3; ++i) {
    client->write(get("/echo"));
    const std::string response = client->response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 200 OK\r\n")) << response;
    for (const char* field :
         {"\r\nDate: ", "\r\nContent-Security-Policy: default-src 'none'; ", "\r\nConnection: keep-alive\r\n",
          "\r\nX-Content-Type-Options: nosniff\r\n", "\r\nReferrer-Policy: "}) {
      EXPECT_NE(response.find(field), std::string::npos) << field;
    }
    EXPECT_TRUE(response.ends_with("GET /echo "));
  }
}

TEST(Http, PipelinedRequestsAreAnsweredInOrder) {
  Running running;
  auto client = running.connect();
  client->write(get("/later") + get("/a") + "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" +
                "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n" +
                get("/later"));
  EXPECT_TRUE(client->response().ends_with("\"later\""));
  EXPECT_TRUE(client->response().ends_with("GET /a "));
  EXPECT_TRUE(client->response().ends_with("POST /b abc"));
  EXPECT_TRUE(client->response().ends_with("POST /c de"));
  EXPECT_TRUE(client->response().ends_with("\"later\""));
}

TEST(Http, HeadHasLengthButNoBody) {
  Running running;
  auto client = running.connect();
  client->write("HEAD /echo HTTP/1.1\r\nHost: x\r\n\r\n" + get("/next"));
  EXPECT_NE(client->response(false).find("Content-Length: 11\r\n"), std::string::npos);
  EXPECT_TRUE(client->response().ends_with("GET /next "));
}

TEST(Http, Expect100IsAnsweredBeforeTheBody) {
  Running running;
  auto client = running.connect();
  client->write("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client->response(), "HTTP/1.1 100 Continue\r\n\r\n");
  client->write("ok");
  EXPECT_TRUE(client->response().ends_with("POST /e ok"));
}

TEST(Http, RefusalsCloseTheConnection) {
  Running running;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"GET / HTTP/1.1\nHost: x\n\n", "400"},
      {"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1001\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n", "413"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"GET / HTTP/1.1\r\nX: " + std::string(17'000, 'x'), "431"},
      {"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", "501"},
      {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505"},
  };
  for (const auto& [request, status] : cases) {
    auto client = running.connect();
    client->write(request);
    const std::string all = client->read_to_end();
    EXPECT_TRUE(all.starts_with("HTTP/1.1 " + status)) << all;
    EXPECT_NE(all.find("Connection: close"), std::string::npos);
  }
}

TEST(Http, ASlowHeadMeetsItsDeadline) {
  Config config = test_config();
  config.head_deadline = 100ms;
  Running running(config);
  auto slow = running.connect();
  slow->write("GET / HTTP/1.1\r\nHos");
  EXPECT_TRUE(slow->read_to_end().starts_with("HTTP/1.1 408"));
  Client silent(running.server.port(), false);  // doesn't even begin TLS
  EXPECT_EQ(silent.read_to_end(), "");
}

TEST(Http, AnIdleConnectionIsClosed) {
  Config config = test_config();
  config.idle_deadline = 100ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/x"));
  EXPECT_TRUE(client->read_to_end().ends_with("GET /x "));
}

TEST(Http, AReaderThatNeverReadsIsDropped) {
  Config config = test_config();
  config.write_deadline = 200ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/big"));
  while (running.server.counts().connections > 0) std::this_thread::yield();
}

TEST(Http, GarbageInsteadOfTlsHarmsNobody) {
  Running running;
  Client garbage(running.server.port(), false);
  garbage.write(std::string(500, '\x16') + "GET / HTTP/1.1\r\n\r\n");
  garbage.read_to_end();
  auto client = running.connect();
  client->write(get("/x"));
  EXPECT_TRUE(client->response().ends_with("GET /x "));
}

TEST(Http, PlaintextServesWithoutTls) {
  Config config = test_config();
  config.plaintext = true;
  Running running(config);
  Client client(running.server.port(), false);
  client.write(get("/x"));
  EXPECT_TRUE(client.response().ends_with("GET /x "));
}

TEST(Http, OneAddressCanNotTakeAllConnections) {
  Config config = test_config();
  config.unproven_per_address = 3;
  Running running(config);
  auto proven = running.open_websocket();
  std::vector<std::unique_ptr<Client>> held;
  for (int i = 0; i < 3; ++i) {
    held.push_back(running.connect());
    held.back()->write(get("/x"));
    EXPECT_TRUE(held.back()->response().ends_with("GET /x "));
  }
  auto refused = running.connect();
  refused->write(get("/x"));
  EXPECT_EQ(refused->read_to_end(), "");
  EXPECT_EQ(running.server.counts().refused, 1U);
}

TEST(Http, MoreThanTheConnectionLimitAreClosedAsTheyCome) {
  Config config = test_config();
  config.connections = 2;
  Running running(config);
  const auto socket = running.open_websocket();  // proven ones count here too
  auto second = running.connect();
  second->write(get("/x"));
  EXPECT_TRUE(second->response().ends_with("GET /x "));
  auto refused = running.connect();
  refused->write(get("/x"));
  EXPECT_EQ(refused->read_to_end(), "");
  EXPECT_EQ(running.server.counts().refused, 1U);
  second->write(get("/y"));
  EXPECT_TRUE(second->response().ends_with("GET /y "));
}

TEST(Http, OnlyATrustedProxySaysWhoThePeerIs) {
  const std::string forwarded =
      "GET /who HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 6.6.6.6, 192.0.2.7\r\nX-Forwarded-Proto: https\r\n\r\n";
  Config config = test_config();
  config.plaintext = true;
  Running direct(config);
  Client liar(direct.server.port(), false);
  liar.write(forwarded);
  const std::string unbelieved = liar.response();
  EXPECT_NE(unbelieved.find("\r\n\r\n127.0.0.1:"), std::string::npos) << unbelieved;
  EXPECT_TRUE(unbelieved.ends_with(" plain")) << unbelieved;

  config.trusted_proxies = {"127.0.0.1"};
  Running proxied(config);
  Client proxy(proxied.server.port(), false);
  proxy.write(forwarded);
  EXPECT_TRUE(proxy.response().ends_with("\r\n\r\n192.0.2.7 secure"));
}

TEST(Http, AServiceThatNeverAnswersIsAnsweredFor) {
  Config config = test_config();
  config.answer_deadline = 50ms;
  Running running(config);
  auto client = running.connect();
  client->write(get("/never"));
  EXPECT_EQ(running.service.seen.next(), "asked");
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 503 "));
  running.service.kept(domain::json(200, "\"too late\""));
  EXPECT_EQ(client->read_to_end(), "");
}

TEST(Server, AReloadedCertificateIsShownToNewConnectionsOnly) {
  const testing::Identity mine;
  const testing::Identity renewed;
  Config config = test_config();
  config.certificate_file = mine.certificate();
  config.key_file = mine.key();
  Running running(config);
  auto old = running.connect();
  const auto overwrite = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(renewed.certificate(), mine.certificate(), overwrite);
  EXPECT_FALSE(running.server.reload_certificate());  // the key is still the former one's
  EXPECT_EQ(running.connect()->certificate(), old->certificate());
  std::filesystem::copy_file(renewed.key(), mine.key(), overwrite);
  ASSERT_TRUE(running.server.reload_certificate());
  EXPECT_NE(running.connect()->certificate(), old->certificate());
  old->write(get("/x"));
  EXPECT_TRUE(old->response().ends_with("GET /x "));
}

TEST(WebSocket, EchoesAndNegotiatesTheSubprotocol) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/ws", "vedette.live.v1"));
  const std::string response = client->response();
  EXPECT_NE(response.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos);
  EXPECT_NE(response.find("Sec-WebSocket-Protocol: vedette.live.v1\r\n"), std::string::npos);
  client->write(masked(1, "he", false) + masked(9, "beat") + masked(0, "llo"));
  EXPECT_EQ(client->frame(), (std::pair{10, std::string("beat")}));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("hello")}));
  client->write(masked(1, "tcp"));
  EXPECT_EQ(client->frame().second, "has tcp state");
}

TEST(WebSocket, BytesThatArriveWithTheUpgradeAreNotLost) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/ws") + masked(1, "early"));
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 101"));
  EXPECT_EQ(client->frame(), (std::pair{1, std::string("early")}));
}

TEST(WebSocket, RefusedUpgradesAreOrdinaryResponses) {
  Running running;
  auto client = running.connect();
  client->write(upgrade_request("/other"));
  EXPECT_TRUE(client->response().starts_with("HTTP/1.1 401"));
  std::string old = upgrade_request("/ws");
  old.replace(old.find("13"), 2, "12");
  client->write(old);
  EXPECT_NE(client->response().find("Sec-WebSocket-Version: 13\r\n"), std::string::npos);
}

TEST(WebSocket, ThePeersCloseIsEchoedAndReported) {
  for (const int code : {1000, 1001, 1012, 1013, 1014, 3000, 4409}) {
    Running running;
    auto client = running.open_websocket();
    client->write(masked(8, close_payload(code, "bye")));
    EXPECT_EQ(client->frame(), (std::pair{8, close_payload(code)}));
    EXPECT_EQ(client->read_to_end(), "");
    EXPECT_EQ(running.service.seen.next(), "closed " + std::to_string(code) + " bye");
  }
}

TEST(WebSocket, OurCloseWaitsForTheAnswer) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close 4403"));
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(4403, "asked to")}));
  client->write(masked(8, close_payload(4403)));
  EXPECT_EQ(running.service.seen.next(), "closed 4403 asked to by us");
}

TEST(WebSocket, OurCloseAnsweredByTheEndCountsAsClosed) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "close 4408"));
  client->frame();
  client->fin_only();
  EXPECT_EQ(running.service.seen.next(), "closed 4408 asked to by us");
}

TEST(WebSocket, OurCloseWithoutAnswerIsGivenUp) {
  Config config = test_config();
  config.close_deadline = 100ms;
  Running running(config);
  auto client = running.open_websocket();
  client->write(masked(1, "close 4408"));
  EXPECT_EQ(running.service.seen.next(), "gave_up 4408 no answer to our close frame by us");
}

TEST(WebSocket, EndsWithoutCloseFrameAreToldApart) {
  Running running;
  auto killed = running.open_websocket();
  killed->fin_only();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 TLS eof");
  auto cut = running.open_websocket();
  cut->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
}

TEST(WebSocket, AProtocolFaultIsClosedWithItsCode) {
  Running running;
  auto client = running.open_websocket();
  client->write("\x81\x05hello");  // not masked
  EXPECT_EQ(client->frame(), (std::pair{8, close_payload(1002, "client frames have to be masked")}));
  EXPECT_EQ(running.service.seen.next(), "closed 1002 client frames have to be masked by us");
  auto big = running.open_websocket();
  big->write(masked(2, std::string(10'001, 'x')));
  EXPECT_EQ(big->frame().second.substr(0, 2), close_payload(1009));
}

TEST(WebSocket, AbortDropsAtOnce) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "abort") + masked(1, "not read"));
  EXPECT_EQ(client->read_to_end(), "");
  EXPECT_EQ(running.service.seen.next(), "gave_up 1006 dropped by the collector by us");
}

TEST(WebSocket, APausedPeerThatDiesIsNoticed) {
  Running running;
  auto client = running.open_websocket();
  client->write(masked(1, "pause"));
  EXPECT_EQ(running.service.seen.next(), "paused");
  client->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
}

TEST(WebSocket, APingFloodWithoutReadingIsPushedBack) {
  Running running;
  auto client = running.open_websocket();
  const timeval patience{0, 300'000};
  ::setsockopt(client->fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  std::string burst;
  for (int i = 0; i < 1'000; ++i) burst += masked(9, std::string(125, 'p'));
  std::size_t sent = 0;
  while (sent < 200'000'000 && client->write(burst)) sent += burst.size();
  EXPECT_LT(sent, 100'000'000U);  // the socket's buffers are full: the server stopped reading
  auto other = running.open_websocket();
  other->write(masked(1, "still there"));
  EXPECT_EQ(other->frame().second, "still there");
}

TEST(Server, StopClosesWith1012AndReportsEveryEnd) {
  Running running;
  auto answering = running.open_websocket();
  auto deaf = running.open_websocket();
  std::thread stopping([&] { running.server.stop(); });
  EXPECT_EQ(answering->frame(), (std::pair{8, close_payload(1012, "collector restarting")}));
  answering->write(masked(8, close_payload(1012)));
  EXPECT_EQ(running.service.seen.next(), "closed 1012 collector restarting by us");
  EXPECT_EQ(running.service.seen.next(), "gave_up 1012 no answer to our close frame by us");
  stopping.join();
}

TEST(Server, ConnectionsAreReachedFromAnyThreadOrNotAtAll) {
  Running running;
  auto client = running.open_websocket();
  const domain::ConnectionId id = Echo::id;
  constexpr int kPosts = 5'000;
  std::vector<std::thread> posters;
  for (int t = 0; t < 4; ++t) {
    posters.emplace_back([&] {
      for (int i = 0; i < kPosts; ++i) running.server.with(id, [](domain::Connection& c) { c.send_text("x"); });
    });
  }
  for (int i = 0; i < 4 * kPosts; ++i) ASSERT_EQ(client->frame().second, "x") << i;
  for (auto& poster : posters) poster.join();
  running.server.with(domain::ConnectionId{12'345'678}, [](domain::Connection&) { ADD_FAILURE(); });
  client->reset();
  EXPECT_EQ(running.service.seen.next(), "without_close 1006 RST");
  running.server.with(id, [](domain::Connection&) { ADD_FAILURE(); });
}

TEST(Server, SaysWhatToDoWhenItCanNotStart) {
  Running running;
  Service service;
  Config taken = test_config();
  taken.port = running.server.port();
  EXPECT_NE(Server(taken, service).start().error().message.find("is in use"), std::string::npos);
  Config missing = test_config();
  missing.certificate_file = "/nowhere.pem";
  EXPECT_NE(Server(missing, service).start().error().message.find("\"/nowhere.pem\" can't be read"), std::string::npos);
  const testing::Identity other;
  Config mismatch = test_config();
  mismatch.key_file = other.key();
  EXPECT_NE(Server(mismatch, service).start().error().message.find("doesn't belong to"), std::string::npos);
  Config no_pem = test_config();
  no_pem.certificate_file = no_pem.key_file;
  EXPECT_NE(Server(no_pem, service).start().error().message.find("is no PEM certificate"), std::string::npos);
  Config bad = test_config();
  bad.address = "localhost";
  EXPECT_NE(Server(bad, service).start().error().message.find("\"localhost\""), std::string::npos);
}

}  // namespace
}  // namespace vedette::net
