#include "server/live/event_stream.h"

#include <gtest/gtest.h>

#include <optional>

#include "tests/fake_stream.h"
#include "tests/logged.h"
#include "tests/server/live/bench.h"

namespace vedette::live {
namespace {

using tests::FakeStream;

/// The events of a stream as a browser reads them: id and data; comments and `retry` are left out.
struct Event {
  std::string id, name;
  nlohmann::json data;
};
std::vector<Event> events_of(const std::string& text) {
  std::vector<Event> events;
  Event event;
  std::string data;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("id: ")) event.id = line.substr(4);
    if (line.starts_with("event: ")) event.name = line.substr(7);
    if (line.starts_with("data: ")) data += line.substr(6);
    if (!line.empty() || data.empty()) continue;
    event.data = nlohmann::json::parse(data);
    events.push_back(std::exchange(event, {}));
    data.clear();
  }
  return events;
}

struct Watching {
  Bench bench;
  FakeStream stream{bench.loop};
  std::unique_ptr<EventStream> viewer;

  explicit Watching(Limits limits = {}) : bench(limits) {}
  ~Watching() { end(); }
  void open(std::vector<std::string> topics, std::optional<std::string> cursor = {}) {
    viewer = std::make_unique<EventStream>(bench.hub, Login{"ann", units::Instant::max()},
                                           Watch{std::move(topics), std::move(cursor)}, "192.0.2.7:1");
    viewer->on_open(stream);
    bench.settle();
  }
  void end(std::string_view how = {}) {
    if (!viewer) return;
    viewer->on_end(how);
    viewer.reset();
    bench.settle();
  }
  std::vector<Event> take() { return events_of(std::exchange(stream.written, {})); }
};

TEST(EventStream, BeginsWithACommentAndTheTimeToComeBack) {
  Watching watching;
  watching.open({"fleet"});
  EXPECT_TRUE(watching.stream.written.starts_with(": vedette live events\nretry: 2000\n\n")) << watching.stream.written;
}

TEST(EventStream, TellsSnapshotsAndDeltasWithTheCursorAsId) {
  Watching watching;
  watching.bench.tick("web", 1);
  watching.open({"fleet", "alerts"});
  auto events = watching.take();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].id, "run7-0") << "a snapshot cut off in between starts again";
  EXPECT_EQ(events[0].data["rows"], nlohmann::json::parse(R"([["web",1]])"));
  EXPECT_EQ(events[1].data["cursor"], events[1].id);
  watching.bench.tick("web", 2);
  watching.bench.pass(units::Milliseconds{60});
  events = watching.take();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data["type"], "delta");
  EXPECT_EQ(events[0].data["cursor"], events[0].id);
}

TEST(EventStream, ResumesAfterTheLastId) {
  Watching watching;
  watching.open({"fleet"});
  const std::string last = watching.take().back().id;
  watching.end();
  watching.bench.tick("web", 2);
  watching.bench.pass(units::Milliseconds{60});
  watching.open({"fleet"}, last);
  const auto events = watching.take();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data["type"], "delta");
  EXPECT_EQ(events[0].data["rows"], nlohmann::json::parse(R"([["web",2]])"));
}

TEST(EventStream, BeatsWithACommentAndTheCursor) {
  Watching watching;
  watching.open({"fleet"});
  watching.take();
  watching.bench.pass(units::Milliseconds{5000});
  EXPECT_TRUE(watching.stream.written.starts_with(": beat\nid: ")) << watching.stream.written;
  const auto events = watching.take();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data["type"], "beat");
  EXPECT_EQ(events[0].data["cursor"], events[0].id);
}

TEST(EventStream, TellsWhatIsRefusedWithoutMovingTheCursor) {
  Watching watching;
  watching.open({"fleet", "host/" + std::string(32, 'f')});
  const auto events = watching.take();
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].data["type"], "error");
  EXPECT_EQ(events[0].id, "");
  EXPECT_EQ(events[1].data["type"], "snapshot");
}

TEST(EventStream, EndsWithTheCodeAndReasonOfACloseFrame) {
  Watching watching;
  watching.open({"fleet"});
  watching.take();
  watching.bench.hub.on_login_ended("ann");
  watching.bench.settle();
  const auto events = watching.take();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].name, "close");
  EXPECT_EQ(events[0].data, nlohmann::json::parse(R"({"code":4401,"reason":"your login ended"})"));
  EXPECT_TRUE(watching.stream.finished);
}

TEST(EventStream, ThatIsTooSlowIsLetGo) {
  Watching watching({.hold_above = 200, .too_slow = 1000});
  watching.open({"alerts"});
  watching.take();
  watching.stream.reads = false;
  for (int i = 0; i < 100 && !watching.stream.finished; ++i) {
    watching.bench.hub.publish("alerts", std::to_string(i), R"(["a","fires"])", false);
    watching.bench.pass(units::Milliseconds{60});
  }
  ASSERT_TRUE(watching.stream.finished);
  EXPECT_EQ(watching.take().back().data["code"], 4408);
  EXPECT_EQ(watching.stream.patience, units::Milliseconds{5000});
  EXPECT_LT(watching.stream.queued, 2000u);
}

TEST(EventStream, SaysGoodbyeWhenTheCollectorStops) {
  Watching watching;
  watching.open({"fleet"});
  watching.take();
  watching.viewer->on_stop();
  EXPECT_EQ(watching.take().back().data["code"], 1012);
  EXPECT_TRUE(watching.stream.finished);
}

/// The fields of the only line logged while `work` runs.
template <class Work>
std::string logged(Work work) {
  const tests::Logged log;
  work();
  const std::string lines = log.text();
  const std::string before = "<6>msg=\"viewer disconnected\" transport=events peer=192.0.2.7:1 ";
  return lines.starts_with(before) ? lines.substr(before.size()) : lines;
}

TEST(EventStream, IsLoggedOnceAtItsEndWhoeverEndedIt) {
  Watching watching;
  watching.open({"fleet"});
  EXPECT_EQ(logged([&] { watching.end("FIN"); }), "code=1006 reason=FIN closed_by=nobody\n");
  watching.open({"fleet"});
  EXPECT_EQ(logged([&] { watching.end("dropped"); }), "code=1006 reason=dropped closed_by=collector\n");
  watching.open({"fleet"});
  EXPECT_EQ(logged([&] {
              watching.bench.hub.on_login_ended("ann");
              watching.bench.settle();
              watching.end();
            }),
            "code=4401 reason=\"your login ended\" closed_by=collector\n");
}

}  // namespace
}  // namespace vedette::live
