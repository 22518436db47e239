#include "server/api/piece_stream.h"

#include <gtest/gtest.h>

#include <deque>

#include "tests/fake_stream.h"
#include "tests/logged.h"
#include "tests/manual_executor.h"

namespace vedette::api {
namespace {

using units::Result;

struct Script {
  std::deque<Result<std::optional<std::string>>> pieces;
  std::stop_token gone;
  int asked = 0;
};

class ScriptedPieces final : public Pieces {
 public:
  explicit ScriptedPieces(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  Result<std::optional<std::string>> next(const std::stop_token& gone) override {
    ++script_->asked;
    script_->gone = gone;
    if (script_->pieces.empty()) return std::optional<std::string>();
    auto piece = std::move(script_->pieces.front());
    script_->pieces.pop_front();
    return piece;
  }

 private:
  std::shared_ptr<Script> script_;
};

// A stream whose workers and peer do as the test says.
struct Bench {
  std::shared_ptr<Script> script = std::make_shared<Script>();
  tests::ManualExecutor loop, worker;
  tests::FakeStream stream{loop};
  bool busy = false;
  domain::Response response;

  explicit Bench(std::deque<Result<std::optional<std::string>>> pieces, const std::string& accept = "") {
    script->pieces = std::move(pieces);
    domain::Request request;
    if (!accept.empty()) request.head.headers.emplace_back("accept-encoding", accept);
    response = streamed(std::make_unique<ScriptedPieces>(script), request,
                        [this](std::function<void()> task) {
                          if (!busy) worker.post(std::move(task));
                          return !busy;
                        },
                        {{"Content-Type", "text/plain"}});
    if (response.stream) response.stream->on_open(stream);
  }
  void drain() {
    response.stream->on_drained();
    worker.run();
    loop.run();
  }
};

TEST(PieceStream, MakesAPieceOnlyWhenTheOneBeforeWasTaken) {
  Bench bench({"one ", "two ", "three"});
  EXPECT_EQ(bench.stream.written, "one ");
  EXPECT_EQ(bench.script->asked, 1);
  bench.drain();
  EXPECT_EQ(bench.stream.written, "one two ");
  EXPECT_EQ(bench.script->asked, 2);
  bench.drain();
  EXPECT_FALSE(bench.stream.finished);
  bench.drain();
  EXPECT_EQ(bench.stream.written, "one two three");
  EXPECT_TRUE(bench.stream.finished);
}

TEST(PieceStream, AnswersTheErrorOfTheFirstPiece) {
  Bench bench({units::fail(units::ErrorCode::invalid, "too many points")});
  EXPECT_EQ(bench.response.status, 400);
  EXPECT_FALSE(bench.response.stream);
}

TEST(PieceStream, CutsOffWhatAnErrorEnds) {
  Bench bench({"one", units::fail(units::ErrorCode::timeout, "took over 10 s")});
  const tests::Logged log;
  bench.drain();
  EXPECT_NE(log.text().find("took over 10 s"), std::string::npos) << log.text();
  EXPECT_TRUE(bench.stream.aborted);
  EXPECT_FALSE(bench.stream.finished);
}

TEST(PieceStream, LeavesOutPiecesThatHoldNothing) {
  Bench bench({"", "one", "", ""});
  EXPECT_EQ(bench.stream.written, "one");
  bench.drain();
  EXPECT_TRUE(bench.stream.finished) << "nothing was written that could drain";
}

TEST(PieceStream, StopsMakingWhenThePeerHasGone) {
  Bench bench({"one", "two", "three"});
  bench.response.stream->on_drained();
  EXPECT_FALSE(bench.script->gone.stop_requested());
  bench.response.stream->on_end("RST");
  bench.worker.run();
  EXPECT_TRUE(bench.script->gone.stop_requested());
  bench.loop.run();
  EXPECT_EQ(bench.stream.written, "one");
  EXPECT_FALSE(bench.stream.finished || bench.stream.aborted) << "it is no more";
}

TEST(PieceStream, TriesAgainWhenTheWorkersAreBehind) {
  Bench bench({"one ", "two"});
  bench.busy = true;
  bench.drain();
  EXPECT_EQ(bench.stream.written, "one ");
  bench.busy = false;
  bench.loop.advance(units::Milliseconds{100});
  bench.worker.run();
  bench.loop.run();
  EXPECT_EQ(bench.stream.written, "one two");
}

TEST(PieceStream, DoesNotLookWholeWhenTheCollectorStops) {
  Bench bench({"one", "two"});
  bench.response.stream->on_stop();
  EXPECT_TRUE(bench.stream.aborted);
}

}  // namespace
}  // namespace vedette::api
