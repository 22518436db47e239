#include "agent/link/http.h"

#include <gtest/gtest.h>

#include "agent/link/backoff.h"
#include "agent/link/pin.h"
#include "schema/wire/session.h"

namespace vedette::link {
namespace {

using namespace std::chrono_literals;

constexpr const char* kKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 1.3

std::string upgrade(const std::string& extra = {}, const std::string& accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") {
  return "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         accept + "\r\nSec-WebSocket-Protocol: vedette.agent.v1\r\n" + extra + "\r\n";
}

TEST(ParseResponse, GivesTheHeadAndLeavesTheBytesBehindIt) {
  const std::string text = upgrade() + "\x82\x01";
  const auto head = parse_response(text).value();
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->status, 101);
  EXPECT_EQ(text.substr(head->size), "\x82\x01");
  EXPECT_TRUE(check_upgrade(*head, kKey).has_value());
}

TEST(ParseResponse, WaitsForMoreAtEveryCut) {
  const std::string text = upgrade();
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto head = parse_response(std::string_view(text).substr(0, n));
    ASSERT_TRUE(head.has_value()) << n;
    EXPECT_FALSE(head->has_value()) << n;
  }
}

TEST(ParseResponse, RefusesWhatIsNotStrictlyHttp) {
  for (const char* text :
       {"HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA b\r\n\r\n", "HTTP/1.1 200 OK\r\nA : b\r\n\r\n", "HTTP/1.1 200 OK\r\n: b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n", "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n"}) {
    EXPECT_FALSE(parse_response(text).has_value()) << text;
  }
  const std::string endless = "HTTP/1.1 200 OK\r\nA: " + std::string(kMaxHead, 'x');
  EXPECT_EQ(parse_response(endless).error().code, units::ErrorCode::too_large);
}

TEST(ParseResponse, ProxiesMayTellTwiceWhatWeDoNotRead) {
  const auto head = parse_response(upgrade("Via: 1.1 a\r\nCache-Control: no-store\r\nvia: 1.1 b\r\nSet-Cookie: a=1\r\n"
                                           "Set-Cookie: b=2\r\nCache-Control: private\r\n"))
                        .value();
  ASSERT_TRUE(head.has_value());
  EXPECT_TRUE(check_upgrade(*head, kKey).has_value());
  for (const char* twice : {"Upgrade: websocket\r\n", "Connection: close\r\n", "Sec-WebSocket-Accept: x\r\n",
                            "Sec-WebSocket-Protocol: x\r\n", "Retry-After: 1\r\nRetry-After: 2\r\n",
                            "Sec-WebSocket-Extensions: a\r\nSec-WebSocket-Extensions: b\r\n",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_FALSE(parse_response(upgrade(twice)).has_value()) << twice;
  }
}

/// The body of an answer with these header lines, or "(not yet)" or "(invalid)".
std::string body_of(const std::string& fields, const std::string& rest, bool ended = false) {
  const auto head = parse_response("HTTP/1.1 200 OK\r\n" + fields + "\r\n").value().value();
  const auto body = parse_body(head, rest, ended);
  if (!body) return "(invalid)";
  return body->value_or("(not yet)");
}

TEST(ParseBody, EndsAsTheHeadSaysItDoes) {
  EXPECT_EQ(body_of("Content-Length: 3\r\n", "abcd"), "abc");
  EXPECT_EQ(body_of("Content-Length: 3\r\n", "ab", true), "(not yet)");
  EXPECT_EQ(body_of("", "ab"), "(not yet)");
  EXPECT_EQ(body_of("", "ab", true), "ab");
  for (const char* length : {"-1", "+1", "1x", "0x1", "99999999999999999999999"}) {
    EXPECT_EQ(body_of("Content-Length: " + std::string(length) + "\r\n", "abc", true), "(invalid)") << length;
  }
}

TEST(ParseBody, PutsChunksTogetherAndWaitsAtEveryCut) {
  const std::string chunked = "Transfer-Encoding: Chunked\r\n";
  const std::string text = "3\r\nabc\r\nA;name=value\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\n";
  EXPECT_EQ(body_of(chunked, text), "abc0123456789");
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_EQ(body_of(chunked, text.substr(0, n), true), "(not yet)") << n;
  for (const char* crooked :
       {"\r\n", "x\r\n", "-1\r\n", "3\r\nabcd\r\n0\r\n\r\n", "11111111111111111\r\n", " 3\r\nabc\r\n"}) {
    EXPECT_EQ(body_of(chunked, crooked), "(invalid)") << crooked;
  }
  EXPECT_EQ(body_of(chunked, "ffffffffffffffff\r\nabc"), "(not yet)");
  EXPECT_EQ(body_of(chunked + "Content-Length: 3\r\n", text), "(invalid)");
  EXPECT_EQ(body_of("Transfer-Encoding: gzip, chunked\r\n", text), "(invalid)");
}

TEST(CheckUpgrade, RefusesAnUpgradeThatIsNotOurs) {
  const auto refused = [](const std::string& text) {
    return !check_upgrade(parse_response(text).value().value(), kKey).has_value();
  };
  EXPECT_TRUE(refused(upgrade("", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")));
  EXPECT_TRUE(refused(upgrade("Sec-WebSocket-Extensions: permessage-deflate\r\n")));
  EXPECT_TRUE(
      refused("HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
              "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: vedette.agent.v1\r\n\r\n"));
  EXPECT_TRUE(refused("HTTP/1.1 200 OK\r\n\r\n"));
}

TEST(RetryAfter, IsSecondsWithinAnHourAndNothingElse) {
  const auto waits = [](const std::string& value) {
    return retry_after(parse_response("HTTP/1.1 503 x\r\nRetry-After: " + value + "\r\n\r\n").value().value());
  };
  EXPECT_EQ(waits("7"), 7s);
  EXPECT_EQ(waits("999999"), 3600s);
  EXPECT_FALSE(waits("-1").has_value());
  EXPECT_FALSE(waits("Wed, 21 Oct 2026 07:28:00 GMT").has_value());
}

TEST(JsonMember, ReadsTheAnswerOfEnrolmentAndNothingCrooked) {
  const char* answer = " {\"n\": 1, \"host_id\" : \"ab\", \"key\":\"k\\\"\\/\\n\" }\n";
  EXPECT_EQ(json_member(answer, "host_id"), "ab");
  EXPECT_EQ(json_member(answer, "key"), "k\"/\n");
  EXPECT_FALSE(json_member(answer, "n").has_value());
  EXPECT_FALSE(json_member(answer, "absent").has_value());
  for (const char* text : {"", "[]", "{\"key\"", "{\"key\":", "{\"key\":\"", "{\"key\":\"x", "{\"a\":{\"key\":\"x\"}}",
                           "{\"a\":[\"key\",\"x\"]}", "{key:\"x\"}", "{\"key\":\"\\u0041\"}"}) {
    EXPECT_FALSE(json_member(text, "key").has_value()) << text;
  }
  EXPECT_EQ(json_string("a\"b\\\n"), "\"a\\\"b\\\\\\u000a\"");
}

TEST(CollectorUrl, IsReadAndWrittenBack) {
  EXPECT_EQ(parse_collector_url("https://c.example"), (CollectorAddress{"c.example", 8443}));
  EXPECT_EQ(parse_collector_url("https://10.0.0.1:9443/"), (CollectorAddress{"10.0.0.1", 9443}));
  const auto v6 = parse_collector_url("https://[2001:db8::7]:1").value();
  EXPECT_EQ(v6.host, "2001:db8::7");
  EXPECT_EQ(to_url(v6), "https://[2001:db8::7]:1");
}

TEST(CollectorUrl, KeepsThePathBelowWhichAProxyShowsTheCollector) {
  const auto address = parse_collector_url("https://mon.example.org:443/tools/vedette_1.0~/").value();
  EXPECT_EQ(address, (CollectorAddress{"mon.example.org", 443, "/tools/vedette_1.0~"}));
  EXPECT_EQ(to_url(address), "https://mon.example.org:443/tools/vedette_1.0~");
  EXPECT_TRUE(upgrade_request(address, "k", {})
                  .starts_with("GET /tools/vedette_1.0~/api/v1/agent/stream HTTP/1.1\r\nHost: mon.example.org\r\n"));
  EXPECT_TRUE(post_request(address, "/api/v1/agent/enroll", "{}")
                  .starts_with("POST /tools/vedette_1.0~/api/v1/agent/enroll HTTP/1.1\r\nHost: mon.example.org\r\n"));
  EXPECT_EQ(host_field(parse_collector_url("https://[2001:db8::7]:443").value()), "[2001:db8::7]");
  EXPECT_EQ(host_field(parse_collector_url("https://h:4430").value()), "h:4430");
}

TEST(CollectorUrl, SaysWhatIsWrong) {
  for (const char* url : {"",
                          "http://h",
                          "https://",
                          "https://h:",
                          "https://h:0",
                          "https://h:65536",
                          "https://h:1x",
                          "https://h//",
                          "https://h/a//b",
                          "https://h/a b",
                          "https://h/a/../b",
                          "https://h/./",
                          "https://h/a?b",
                          "https://h/a#b",
                          "https://h/%61",
                          "https://h/a\"",
                          "https://h/\r\nX:y",
                          "https://u@h",
                          "https://h\r\nX: y",
                          "https://[::1",
                          "https://[::1]x"}) {
    const auto address = parse_collector_url(url);
    ASSERT_FALSE(address.has_value()) << url;
    EXPECT_NE(address.error().message.find("write https://HOST:PORT"), std::string::npos);
  }
}

TEST(PinText, IsTakenInEveryUsualFormAndPrintedInOne) {
  const std::string hex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
  const std::string base64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  for (const std::string& text : {hex, base64, "sha256:" + hex, "sha256/" + base64}) {
    ASSERT_TRUE(parse_pin(text).has_value()) << text;
    EXPECT_EQ(to_string(*parse_pin(text)), "sha256:" + hex);
  }
  for (const std::string& text :
       {std::string(), hex.substr(1), hex + "0", "sha1:" + hex, base64.substr(1), "g" + hex.substr(1)}) {
    EXPECT_FALSE(parse_pin(text).has_value()) << text;
  }
}

TEST(Backoff, DoublesItsCapFromOneSecondToThirtyAndSpreadsEvenlyBelow) {
  Backoff whole, half;
  std::vector<units::Milliseconds> waits;
  for (int i = 0; i < 7; ++i) {
    waits.push_back(whole.next(0.999999));
    EXPECT_NEAR(static_cast<double>(half.next(0.5).count()), static_cast<double>(waits.back().count()) / 2, 1);
  }
  EXPECT_EQ(waits, (std::vector<units::Milliseconds>{999ms, 1999ms, 3999ms, 7999ms, 15999ms, 29999ms, 29999ms}));
  EXPECT_EQ(whole.next(0.0), 0ms);
  whole.reset();
  EXPECT_EQ(whole.next(0.999999), 999ms);
}

}  // namespace
}  // namespace vedette::link
