#include "server/net/request_head.h"

#include <gtest/gtest.h>

#include "server/net/body_reader.h"
#include "server/net/handshake.h"
#include "tests/server/net/hostile_heads.h"

namespace vedette::net {
namespace {

using namespace std::string_literals;

int status_of(const std::string& head) {
  const auto parsed = parse_head(head);
  return parsed ? 200 : parsed.error().status;
}

TEST(ParseHead, ReadsPathQueryAndFields) {
  const auto parsed = parse_head(
      "GET /api/v1/hosts/caf%C3%A9?series=a%26b&series=c+d&empty= HTTP/1.1\r\nHost: v.example:8443\r\n"
      "X-Thing:  two words \t\r\nCookie: a=1; sid=xyz\r\n\r\n");
  ASSERT_TRUE(parsed) << parsed.error().words;
  EXPECT_EQ(parsed->head.method, "GET");
  EXPECT_EQ(parsed->head.path, "/api/v1/hosts/café");
  EXPECT_EQ(parsed->head.parameters("series"), (std::vector<std::string_view>{"a&b", "c d"}));
  EXPECT_EQ(parsed->head.parameter("empty"), "");
  EXPECT_EQ(parsed->head.header("x-thing"), "two words");
  EXPECT_EQ(parsed->head.cookies("sid"), std::vector<std::string_view>{"xyz"});
  EXPECT_TRUE(parsed->keep_alive);
}

TEST(ParseHead, TakesAbsoluteFormOfTheSameHostOnly) {
  EXPECT_EQ(status_of("GET https://a.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"), 200);
  EXPECT_EQ(status_of("GET https://b.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n"), 400);
}

/// Of the head and, if that is good, its body.
int status_of_request(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  const std::size_t size = end == std::string_view::npos ? bytes.size() : end + 4;
  const auto parsed = parse_head(bytes.substr(0, size));
  if (!parsed) return parsed.error().status;
  BodyReader reader(*parsed, 1'000);
  std::string_view rest = bytes.substr(size);
  if (!reader.feed(rest)) return reader.refusal().status;
  return reader.complete() ? 200 : 0;
}

TEST(ParseHead, RefusesWhatTwoReadersCouldReadDifferently) {
  const auto hostile = testing::hostile_heads();
  EXPECT_GE(hostile.size(), 60u);
  for (const auto& [what, bytes, status] : hostile) EXPECT_EQ(status_of_request(bytes), status) << what;
  EXPECT_EQ(status_of("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /"), 400) << "more than a head";
}

TEST(ParseHead, IgnoresExpectInHttp10) {
  EXPECT_EQ(status_of("GET / HTTP/1.0\r\nExpect: wonders\r\n\r\n"), 200);
}

TEST(ParseHead, ReadsAllLinesOfConnection) {
  const auto keeps = [](const std::string& version, const std::string& lines) {
    return parse_head("GET / " + version + "\r\nHost: a\r\n" + lines + "\r\n")->keep_alive;
  };
  EXPECT_FALSE(keeps("HTTP/1.1", "Connection: x\r\nConnection: y, Close\r\n"));
  EXPECT_TRUE(keeps("HTTP/1.0", "Connection: x\r\nConnection: keep-alive\r\n"));
  EXPECT_FALSE(keeps("HTTP/1.0", "Connection: keep-alive, close\r\n"));
}

TEST(ParseHead, RefusesMoreFieldsThanAnyoneNeeds) {
  std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 99; ++i) head += "X-" + std::to_string(i) + ": y\r\n";
  EXPECT_EQ(status_of(head + "\r\n"), 200);
  EXPECT_EQ(status_of(head + "One-More: y\r\n\r\n"), 431);
}

/// The body and what is left, or the status that refuses it.
std::string read_chunked(std::string_view wire, std::size_t step, std::size_t limit = 100) {
  ParsedHead head;
  head.chunked = true;
  BodyReader reader(head, limit);
  std::size_t at = 0;
  while (at < wire.size() && !reader.complete()) {
    std::string_view piece = wire.substr(at, step);
    const std::size_t before = piece.size();
    if (!reader.feed(piece)) return std::to_string(reader.refusal().status);
    at += before - piece.size();
  }
  if (!reader.complete()) return "more";
  return reader.take() + "|" + std::string(wire.substr(at));
}

TEST(BodyReader, ReadsChunksWhateverTheCuts) {
  for (std::size_t step = 1; step < 40; ++step) {
    EXPECT_EQ(read_chunked("3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: r\r\n\r\nGET", step), "abc0123456789|GET");
  }
  EXPECT_EQ(read_chunked("3\r\nabc\r\n0\r\n\r", 5), "more");
}

TEST(BodyReader, RefusesBadFramingAndTooMuch) {
  for (const char* bad : {"g\r\n", "-1\r\n", "0x3\r\n", " 3\r\n", "3 \r\n", "\r\n", "3\nabc", "3\r\nabcd\r\n",
                          "3\r\nabc\n", "ffffffffffffffff\r\n"}) {
    EXPECT_EQ(read_chunked(bad, 100), "400") << bad;
  }
  EXPECT_EQ(read_chunked("65\r\n", 100), "413");
  EXPECT_EQ(read_chunked("64\r\n" + std::string(100, 'x') + "\r\n1\r\n", 100), "413");
  EXPECT_EQ(read_chunked("1;" + std::string(2'000, 'x'), 100), "400");
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1'000; ++i) trailers += "X: 012345678901234567890\r\n";
  EXPECT_EQ(read_chunked(trailers, 100), "400");
}

int handshake_status(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  const auto parsed = parse_head(line + "\r\nHost: a\r\n" + fields + "\r\n");
  if (!parsed) return parsed.error().status;
  if (!asks_for_websocket(*parsed)) return 0;
  const auto handshake = check_handshake(*parsed);
  return handshake ? 101 : handshake.error().status;
}

TEST(Handshake, IsCheckedAsRfc6455Says) {
  const std::string upgrade = "Upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  EXPECT_EQ(handshake_status(upgrade + version + key), 101);
  EXPECT_EQ(handshake_status("Upgrade: h2c, websocket\r\nConnection: upgrade\r\n" + version + key), 101);
  EXPECT_EQ(handshake_status("Upgrade: websocket\r\nConnection: close\r\nConnection: upgrade\r\n" + version + key),
            101);
  EXPECT_EQ(handshake_status(upgrade + version + version + key), 426);
  EXPECT_EQ(handshake_status("Upgrade: h2c\r\nConnection: upgrade\r\n"), 0);
  EXPECT_EQ(handshake_status("Upgrade: websocket\r\n" + version + key), 400);
  EXPECT_EQ(handshake_status(upgrade + key), 426);
  EXPECT_EQ(handshake_status(upgrade + "Sec-WebSocket-Version: 8\r\n" + key), 426);
  EXPECT_EQ(handshake_status(upgrade + version), 400);
  EXPECT_EQ(handshake_status(upgrade + version + key + key), 400);
  EXPECT_EQ(handshake_status(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n"), 400);
  EXPECT_EQ(handshake_status(upgrade + version + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!Q==\r\n"), 400);
  EXPECT_EQ(handshake_status(upgrade + version + key, "POST / HTTP/1.1"), 405);
  EXPECT_EQ(handshake_status(upgrade + version + key, "GET / HTTP/1.0"), 400);
  EXPECT_EQ(handshake_status(upgrade + version + key + "Content-Length: 4\r\n"), 400);
  EXPECT_EQ(handshake_status(upgrade + version + key + "Sec-WebSocket-Protocol: a, b c\r\n"), 400);
}

}  // namespace
}  // namespace vedette::net
