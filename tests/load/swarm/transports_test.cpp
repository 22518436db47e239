#include <gmock/gmock.h>

#include <sstream>

#include "tests/load/swarm/viewer.h"

namespace vedette::swarm {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kHost = "0123456789abcdef0123456789abcdef";

std::string delta(int number, const std::string& seconds) {
  return R"({"type":"delta","topic":"host/)" + kHost + R"(","cursor":"run-)" + std::to_string(number) +
         R"(","rows":[[)" + seconds + ",0.5]]}";
}

struct Heard final : LiveSink {
  std::vector<std::string> cursors;
  std::vector<std::int64_t> times;
  void on_event(const LiveEvent& event) override {
    cursors.push_back(event.cursor);
    for (const auto& shown : event.shown) times.push_back(shown.at_ms);
  }
};

struct Bench {
  LiveReader reader{{{kHost, 0}}};
  Heard heard;
  std::unique_ptr<Transport> transport;
  std::string out;

  explicit Bench(TransportKind kind, const std::string& cursor = "") {
    transport = make_transport(kind, {"collector:8443", "sid=secret", {"fleet", "host/" + kHost}, cursor}, reader);
    transport->open(out);
  }
  units::Result<void> receive(std::string_view bytes) {
    return transport->receive({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, out, heard);
  }
  /// Byte after byte.
  bool receive_slowly(std::string_view bytes) {
    for (const char& byte : bytes) {
      if (!receive({&byte, 1})) return false;
    }
    return true;
  }
};

std::string chunk(const std::string& text) {
  std::ostringstream size;
  size << std::hex << text.size();
  return size.str() + "\r\n" + text + "\r\n";
}

TEST(EventStream, ReadsEventsHoweverChunksAndLinesAreCut) {
  Bench bench(TransportKind::sse, "run-1");
  EXPECT_THAT(bench.out, StartsWith("GET /api/v1/live/events?topics=fleet,host/" + kHost + " HTTP/1.1\r\n"));
  EXPECT_THAT(bench.out, HasSubstr("\r\nLast-Event-ID: run-1\r\n"));
  const std::string event = "id: run-2\ndata: " + delta(2, "1.500") + "\n\n";
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_TRUE(bench.receive_slowly(head + chunk(": hello\nretry: 2000\n\n") + chunk(event.substr(0, 20)) +
                                   chunk(event.substr(20) + "data: " + delta(3, "2.5") + "\n\n")));
  EXPECT_THAT(bench.heard.cursors, ElementsAre("run-2", "run-3"));
  EXPECT_THAT(bench.heard.times, ElementsAre(1'500, 2'500));
}

TEST(EventStream, ARefusalAndABrokenChunkEndIt) {
  EXPECT_FALSE(Bench(TransportKind::sse).receive("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(Bench(TransportKind::sse).receive("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"));
}

TEST(LongPoll, AsksAgainFromTheCursorThatItWasAnswered) {
  Bench bench(TransportKind::poll);
  EXPECT_THAT(bench.out, Not(HasSubstr("cursor=")));
  bench.out.clear();
  const std::string body = R"({"cursor":"run-3","events":[)" + delta(2, "1.5") + "," + delta(3, "2.5") + "]}";
  EXPECT_TRUE(
      bench.receive_slowly("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body));
  EXPECT_THAT(bench.heard.times, ElementsAre(1'500, 2'500));
  EXPECT_THAT(bench.out, StartsWith("GET /api/v1/live/poll?topics=fleet,host/" + kHost + "&cursor=run-3 HTTP/1.1\r\n"));
  EXPECT_FALSE(bench.receive("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"));
}

TEST(WebSocket, SubscribesOnceItIsUpgradedAndReadsWhatComesWithTheUpgrade) {
  Bench bench(TransportKind::websocket);
  EXPECT_THAT(bench.out, HasSubstr("\r\nCookie: sid=secret\r\n"));
  bench.out.clear();
  const std::string text = delta(2, "1.5");
  ASSERT_LT(text.size(), 126u);
  const std::string frame = std::string("\x81") + static_cast<char>(text.size()) + text;
  EXPECT_TRUE(bench.receive("HTTP/1.1 101 Switching Protocols\r\n\r\n" + frame));
  EXPECT_THAT(bench.heard.times, ElementsAre(1'500));
  EXPECT_EQ(static_cast<unsigned char>(bench.out.at(0)), 0x81) << "a masked text message: the subscription";
}

TEST(LiveReader, CountsWhatItCannotReadAndTellsSnapshotsApart) {
  LiveReader reader{{{kHost, 7}}};
  EXPECT_TRUE(reader.read("{").shown.empty());
  EXPECT_EQ(reader.unreadable(), 1u);
  const LiveEvent snapshot =
      reader.read(R"({"type":"snapshot","topic":"host/)" + kHost + R"(","cursor":"a-1","rows":[[1.5]]})");
  EXPECT_TRUE(snapshot.snapshot);
  EXPECT_EQ(snapshot.shown.size(), 1u);
  const LiveEvent& fleet =
      reader.read(R"({"type":"delta","topic":"fleet","cursor":"a-2","header":["id","last_tick"],"rows":[[")" + kHost +
                  R"(",3.25]]})");
  EXPECT_FALSE(fleet.snapshot);
  ASSERT_EQ(fleet.shown.size(), 1u);
  EXPECT_EQ(fleet.shown[0].agent, 7u);
  EXPECT_EQ(fleet.shown[0].at_ms, 3'250);
}

}  // namespace
}  // namespace vedette::swarm
