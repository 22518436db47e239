// Response bodies that are written piece by piece, over real sockets.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "tests/server/net/running.h"

namespace vedette::net::testing {
namespace {

std::shared_ptr<const std::string> share(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

/// Writes as its script says and reports what it is told.
class Script final : public domain::StreamHandler {
 public:
  using Step = std::function<void(domain::BodyStream&)>;
  Script(Seen& seen, Step open, Step drained = {})
      : seen_(seen), open_(std::move(open)), drained_(std::move(drained)) {}

  void on_open(domain::BodyStream& stream) override {
    stream_ = &stream;
    seen_.add("open");
    open_(stream);
  }
  void on_drained() override {
    if (drained_) drained_(*stream_);
  }
  void on_stop() override {
    seen_.add("stop");
    stream_->write(share("bye"));
    stream_->finish();
  }
  void on_end(std::string_view how) override { seen_.add(how.empty() ? "end" : "end: " + std::string(how)); }

 private:
  Seen& seen_;
  domain::BodyStream* stream_ = nullptr;
  Step open_, drained_;
};

/// Answers /stream with a script; everything else with its path.
class StreamService final : public domain::HttpService {
 public:
  Seen seen;
  std::function<std::shared_ptr<domain::StreamHandler>()> make;

  std::size_t body_limit(const domain::RequestHead&) override { return 0; }
  void handle(domain::Request request, domain::Responder respond) override {
    if (request.head.path != "/stream") return respond(domain::json(200, request.head.path));
    domain::Response response;
    response.headers = {{"Content-Type", "text/plain"}};
    response.stream = make();
    respond(std::move(response));
  }
  domain::UpgradeDecision upgrade(const domain::RequestHead&, const std::vector<std::string>&) override {
    return domain::problem(404, "none");
  }
};

struct Streaming {
  StreamService service;
  Server server;
  explicit Streaming(Script::Step open, Script::Step drained = {}, Config config = test_config())
      : server(std::move(config), service) {
    service.make = [this, open = std::move(open), drained = std::move(drained)] {
      return std::make_shared<Script>(service.seen, open, drained);
    };
    const auto started = server.start();
    if (!started) ADD_FAILURE() << started.error().message;
  }
};

TEST(Stream, IsChunkedAndTheConnectionGoesOn) {
  Streaming running([](domain::BodyStream& stream) {
    EXPECT_TRUE(stream.write(share("first")));
    EXPECT_TRUE(stream.write(share("")));  // not the end
    EXPECT_TRUE(stream.write(share(std::string(20, 'x'))));
    stream.finish();
    EXPECT_FALSE(stream.write(share("late")));
  });
  Client client(running.server.port());
  client.write(get("/stream") + get("/next"));
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_NE(head.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("Content-Length"), std::string::npos) << head;
  EXPECT_NE(head.find("Connection: keep-alive\r\n"), std::string::npos) << head;
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "5\r\nfirst\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n");
  EXPECT_EQ(running.service.seen.next(), "open");
  EXPECT_EQ(running.service.seen.next(), "end");
  EXPECT_TRUE(client.response().ends_with("/next"));
}

TEST(Stream, EndsWithTheConnectionForHttp10) {
  Streaming running([](domain::BodyStream& stream) {
    stream.write(share("all of it"));
    stream.finish();
  });
  Client client(running.server.port());
  client.write("GET /stream HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n");
  const std::string answer = client.read_to_end();
  EXPECT_EQ(answer.find("chunked"), std::string::npos) << answer;
  EXPECT_NE(answer.find("Connection: close\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nall of it")) << answer;
}

TEST(Stream, OfNothingEndsToo) {
  Streaming running([](domain::BodyStream& stream) { stream.finish(); });
  Client old(running.server.port());
  old.write("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(old.read_to_end().ends_with("\r\n\r\n"));
  Client client(running.server.port());
  client.write(get("/stream"));
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_until("0\r\n\r\n"), "0\r\n\r\n");
}

TEST(Stream, HeadHasNoBodyAndNoHandlerIsAsked) {
  Streaming running([](domain::BodyStream&) { ADD_FAILURE() << "opened"; });
  Client client(running.server.port());
  client.write("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n" + get("/next"));
  EXPECT_TRUE(client.read_until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(client.response().ends_with("/next"));
}

TEST(Stream, AsksForMoreOnlyAsThePeerTakesIt) {
  // 64 pieces of 1 MB: held whole they would show in `most`.
  auto left = std::make_shared<int>(64);
  auto most = std::make_shared<std::atomic<std::size_t>>(0);
  const auto piece = share(std::string(1 << 20, 'p'));
  const auto more = [=](domain::BodyStream& stream) {
    if (*left == 0) return stream.finish();
    --*left;
    stream.write(piece);
    *most = std::max(most->load(), stream.queued_bytes());
  };
  Streaming running(more, more);
  Client client(running.server.port());
  client.write("GET /stream HTTP/1.0\r\nHost: localhost\r\n\r\n");
  client.read_until("\r\n\r\n");
  EXPECT_EQ(client.read_to_end().size(), 64u << 20);
  EXPECT_LT(*most, 2u << 20);
}

TEST(Stream, LearnsThatAPeerWentWhileNothingIsSent) {
  Streaming running([](domain::BodyStream& stream) { stream.write(share("hello")); });
  Client client(running.server.port());
  client.write(get("/stream"));
  client.read_until("hello\r\n");
  EXPECT_EQ(running.service.seen.next(), "open");
  client.fin_only();
  EXPECT_EQ(running.service.seen.next(), "end: TLS eof");
}

TEST(Stream, APeerThatTakesNothingIsDropped) {
  Config config = test_config();
  config.write_deadline = units::Milliseconds{100};
  Streaming running(
      [](domain::BodyStream& stream) {
        for (int i = 0; i < 32; ++i) stream.write(share(std::string(1 << 20, 'p')));
      },
      {}, config);
  Client client(running.server.port());
  client.write(get("/stream"));
  EXPECT_EQ(running.service.seen.next(), "open");
  EXPECT_EQ(running.service.seen.next(), "end: dropped");
}

TEST(Stream, StaysOpenInSilence) {
  Config config = test_config();
  config.write_deadline = config.idle_deadline = units::Milliseconds{50};
  Streaming running(
      [](domain::BodyStream& stream) {
        stream.write(share("one"));
        stream.loop().after(units::Milliseconds{300}, [&stream] {
          stream.write(share("two"));
          stream.finish();
        });
      },
      {}, config);
  Client client(running.server.port());
  client.write(get("/stream"));
  EXPECT_TRUE(client.read_until("0\r\n\r\n").ends_with("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"));
}

TEST(Stream, IsToldThatTheServerStops) {
  Streaming running([](domain::BodyStream& stream) { stream.write(share("hello")); });
  Client client(running.server.port());
  client.write(get("/stream"));
  client.read_until("hello\r\n");
  EXPECT_EQ(running.service.seen.next(), "open");
  running.server.stop();
  EXPECT_EQ(running.service.seen.next(), "stop");
  EXPECT_EQ(running.service.seen.next(), "end");
  EXPECT_EQ(client.read_to_end(), "3\r\nbye\r\n0\r\n\r\n");
}

TEST(Stream, AbortCutsTheBodyOff) {
  Streaming running([](domain::BodyStream& stream) {
    stream.write(share("hello"));
    stream.loop().post([&stream] { stream.abort(); });
  });
  Client client(running.server.port());
  client.write(get("/stream"));
  EXPECT_EQ(client.read_to_end().find("0\r\n\r\n"), std::string::npos);
  EXPECT_EQ(running.service.seen.next(), "open");
  EXPECT_EQ(running.service.seen.next(), "end: dropped");
}

}  // namespace
}  // namespace vedette::net::testing
