#include "server/net/server.h"

#include <gtest/gtest.h>

#include "tests/server/net/hostile_heads.h"
#include "tests/server/net/running.h"

namespace vedette::net {
namespace {

using testing::Client;
using testing::get;
using testing::Running;
using testing::test_config;

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

// Each in a record of its own, all in one packet: OpenSSL reads ahead, and epoll tells nothing of what it holds.
TEST(Http, RequestsThatArriveTogetherInTheirOwnRecordsAreAllAnswered) {
  Running running;
  auto client = running.connect();
  client->write(get("/first"));
  client->response();
  client->cork(true);
  for (const char* path : {"/later", "/a", "/later", "/b"}) client->write(get(path));
  client->cork(false);
  EXPECT_TRUE(client->response().ends_with("\"later\""));
  EXPECT_TRUE(client->response().ends_with("GET /a "));
  EXPECT_TRUE(client->response().ends_with("\"later\""));
  EXPECT_TRUE(client->response().ends_with("GET /b "));
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

TEST(Http, AnswersEveryHostileHeadAsItDeserves) {
  Config config = test_config();
  config.plaintext = true;
  Running running(config);
  for (const auto& [what, bytes, status] : testing::hostile_heads()) {
    Client client(running.server.port(), false);
    client.write(bytes);
    const std::string answer = client.response();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ")) << what << ": " << answer;
    if (status == 200) continue;
    EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << what;
    EXPECT_EQ(client.read_to_end(), "") << what << ": nothing behind a refusal is answered";
  }
}

TEST(Http, AnUnknownExpectIsAnsweredBeforeTheBody) {
  Running running;
  auto client = running.connect();
  client->write("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 200-ok\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(client->read_to_end().starts_with("HTTP/1.1 417 Expectation Failed\r\n"));
}

TEST(Http, Expect100OfABodyTooLargeIsRefusedInsteadOfBeingSentFor) {
  Running running;
  auto client = running.connect();
  client->write("POST /e HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_TRUE(client->read_to_end().starts_with("HTTP/1.1 413 "));
}

TEST(Http, TellsTheServiceThatItsAskerHasGone) {
  for (const bool reset : {false, true}) {
    Running running;
    auto client = running.connect();
    client->write(get("/never"));
    EXPECT_EQ(running.service.seen.next(), "asked");
    if (reset) client->reset();
    client.reset();
    EXPECT_EQ(running.service.seen.next(), "gone") << reset;
    running.service.kept(domain::json(200, "\"too late\""));
    EXPECT_TRUE(running.served());
  }
}

TEST(Http, DoesNotTakeAnAnsweredAskerForGone) {
  Running running;
  auto client = running.connect();
  client->write(get("/never"));
  EXPECT_EQ(running.service.seen.next(), "asked");
  running.service.kept(domain::json(200, "\"kept\""));
  EXPECT_TRUE(client->response().ends_with("\"kept\""));
  client->write(get("/never"));
  EXPECT_EQ(running.service.seen.next(), "asked") << "and not gone";
}

TEST(Http, WhoOnlySaysThatItWontAskAgainGetsItsAnswer) {
  for (const bool plaintext : {false, true}) {
    Config config = test_config();
    config.plaintext = plaintext;
    Running running(config);
    Client client(running.server.port(), !plaintext);
    client.write(get("/never"));
    EXPECT_EQ(running.service.seen.next(), "asked");
    client.say_end();
    EXPECT_EQ(running.service.seen.next(), "gone") << "as nearly always";
    running.service.kept(domain::json(200, "\"still here\""));
    const std::string answer = client.read_to_end();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 ")) << answer;
    EXPECT_TRUE(answer.ends_with("\"still here\"")) << answer;
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
  }
}

TEST(Http, WhoAskedTwiceAndWontAgainGetsBothAnswers) {
  Running running;
  auto client = running.connect();
  client->write(get("/never") + get("/x"));
  EXPECT_EQ(running.service.seen.next(), "asked");
  client->say_end();
  EXPECT_EQ(running.service.seen.next(), "gone");
  running.service.kept(domain::json(200, "\"first\""));
  EXPECT_TRUE(client->response().ends_with("\"first\""));
  const std::string last = client->read_to_end();
  EXPECT_TRUE(last.ends_with("GET /x ")) << last;
  EXPECT_NE(last.find("\r\nConnection: close\r\n"), std::string::npos) << last;
}

TEST(Http, PlaintextServesWithoutTls) {
  Config config = test_config();
  config.plaintext = true;
  Running running(config);
  Client client(running.server.port(), false);
  client.write(get("/x"));
  EXPECT_TRUE(client.response().ends_with("GET /x "));
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

TEST(Http, APassthroughProxyIsBelievedNothingAndIsNotThisMachine) {
  const std::string forwarded =
      "Host: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: "
      "evil.example\r\n\r\n";
  Config config = test_config();
  config.plaintext = true;
  config.passthrough_proxies = {"127.0.0.1"};
  const Running running(config);
  const auto answer = [&](const std::string& path, const std::string& headers) {
    Client client(running.server.port(), false);
    client.write("GET " + path + " HTTP/1.1\r\n" + headers);
    const std::string got = client.response();
    return got.substr(got.find("\r\n\r\n") + 4);
  };
  const std::string who = answer("/who", forwarded);
  EXPECT_TRUE(who.starts_with("127.0.0.1:") && who.ends_with(" plain")) << who;
  EXPECT_EQ(answer("/host", forwarded), "localhost");
  EXPECT_EQ(answer("/near", "Host: localhost\r\n\r\n"), "elsewhere");
  config.passthrough_proxies = {"192.0.2.1"};
  const Running direct(config);
  Client local(direct.server.port(), false);
  local.write("GET /near HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(local.response().ends_with("\r\n\r\nthis machine"));
}

TEST(Http, BelievesTheLastOfSeveralForwardedLinesAndNoGarbage) {
  Config config = test_config();
  config.plaintext = true;
  config.trusted_proxies = {"127.0.0.1"};
  Running running(config);
  const auto who = [&](const std::string& lines) {
    Client proxy(running.server.port(), false);
    proxy.write("GET /who HTTP/1.1\r\nHost: localhost\r\n" + lines + "\r\n");
    const std::string answer = proxy.response();
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  // haproxy's "option forwardfor" adds a line of its own behind the client's.
  EXPECT_EQ(who("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 192.0.2.7\r\n"), "192.0.2.7 plain");
  EXPECT_EQ(who("X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: http\r\n"),
            "192.0.2.7 plain");
  EXPECT_EQ(who("X-Forwarded-For: 2001:db8::1\r\n"), "[2001:db8::1] plain");
  EXPECT_EQ(who("X-Forwarded-For: [2001:db8::1]:53124\r\n"), "[2001:db8::1]:53124 plain");
  EXPECT_TRUE(who("X-Forwarded-For: unknown\r\n").starts_with("127.0.0.1:"));
  EXPECT_TRUE(who("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: ,\r\n").starts_with("127.0.0.1:"));
}

TEST(Http, TheHostIsWhatATrustedProxyWasAskedFor) {
  const auto host = [](const Running& running, const std::string& lines) {
    Client client(running.server.port(), false);
    client.write("GET /host HTTP/1.1\r\nHost: backend:8443\r\n" + lines + "\r\n");
    const std::string answer = client.response();
    return answer.substr(answer.find("\r\n\r\n") + 4);
  };
  Config config = test_config();
  config.plaintext = true;
  const Running direct(config);
  EXPECT_EQ(host(direct, "X-Forwarded-Host: evil.example\r\n"), "backend:8443");
  config.trusted_proxies = {"127.0.0.1"};
  const Running proxied(config);
  EXPECT_EQ(host(proxied, ""), "backend:8443");
  EXPECT_EQ(host(proxied, "X-Forwarded-Host: evil.example, mon.example.org\r\n"), "mon.example.org");
}

TEST(Http, WhereTlsEndsAtTheProxyEveryRequestCameOverTls) {
  Config config = test_config();
  config.plaintext = config.only_proxies = true;
  config.trusted_proxies = {"127.0.0.0/8"};
  const Running running(config);
  for (const char* told : {"", "X-Forwarded-Proto: https\r\n", "X-Forwarded-Proto: http\r\n"}) {
    Client proxy(running.server.port(), false);
    proxy.write("GET /who HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.7\r\n" + std::string(told) + "\r\n");
    EXPECT_TRUE(proxy.response().ends_with("\r\n\r\n192.0.2.7 secure")) << told;
  }
}

TEST(Http, WhereTlsEndsAtTheProxyNobodyElseIsHeard) {
  Config config = test_config();
  config.plaintext = config.only_proxies = true;
  config.trusted_proxies = {"192.0.2.1"};
  Running running(config);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    Client stranger(running.server.port(), false);
    stranger.write(get("/who"));
    EXPECT_EQ(stranger.read_to_end(), "");
    EXPECT_EQ(running.server.refusals().not_a_proxy, n);
  }
  EXPECT_EQ(running.server.counts().connections, 0U);
}

}  // namespace
}  // namespace vedette::net
