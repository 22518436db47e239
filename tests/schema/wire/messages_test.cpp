#include "schema/wire/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "schema/metrics/catalogue.h"
#include "schema/units/bytes.h"

namespace vedette::wire {
namespace {

using ::testing::HasSubstr;
using units::ErrorCode;

Hello hello() {
  Hello out;
  out.agent_version = "0.1.0";
  out.boot_id.fill(1);
  out.run_id.fill(2);
  out.stream = 77;
  out.open = {{5, 1, 9}, {6, 3, 3}};
  out.facts = {"web-07",
               "Debian GNU/Linux 12",
               "6.1.0",
               "x86_64",
               "Xeon",
               "Europe/Berlin",
               "kvm",
               8,
               std::uint64_t{1} << 34,
               units::from_unix_ms(1'795'000'000'000)};
  out.agent_time = units::from_unix_ms(1'795'425'204'083);
  out.tags = {"site=berlin", "database"};
  return out;
}

Welcome welcome() {
  Welcome out;
  out.interval = units::Milliseconds{1'000};
  out.resume = {{77, 0}, {5, 4}};
  out.collector_time = units::from_unix_ms(1'795'425'204'100);
  out.host_id = "000102030405060708090a0b0c0d0eff";
  return out;
}

units::Result<AgentMessage> round_trip(const AgentMessage& message) {
  return decode_agent(units::as_bytes(encode(message)));
}
units::Result<CollectorMessage> round_trip(const CollectorMessage& message) {
  return decode_collector(units::as_bytes(encode(message)));
}

template <class T, class Message>
T sent(const T& message) {
  const auto back = round_trip(Message{message});
  if (!back) throw std::runtime_error(back.error().message);
  return std::get<T>(*back);
}
template <class T>
T from_agent(const T& message) {
  return sent<T, AgentMessage>(message);
}
template <class T>
T from_collector(const T& message) {
  return sent<T, CollectorMessage>(message);
}

TEST(AgentMessages, HelloKeepsEveryField) {
  const Hello before = hello(), after = from_agent(before);
  EXPECT_EQ(after.protocol, before.protocol);
  EXPECT_EQ(after.agent_version, before.agent_version);
  EXPECT_EQ(after.boot_id, before.boot_id);
  EXPECT_EQ(after.run_id, before.run_id);
  EXPECT_EQ(after.stream, before.stream);
  EXPECT_EQ(after.open, before.open);
  EXPECT_EQ(after.facts, before.facts);
  EXPECT_EQ(after.agent_time, before.agent_time);
  EXPECT_EQ(after.tags, before.tags);
}

TEST(AgentMessages, AnnounceKeepsEverySeries) {
  Announce before;
  std::uint32_t number = 0;
  for (const metrics::Metric& metric : metrics::catalogue()) {
    before.series.push_back({number++, metrics::series_of(metric.name, {{"b", "1"}, {"a", "ä"}})});
  }
  const Announce after = from_agent(before);
  ASSERT_EQ(after.series.size(), before.series.size());
  for (std::size_t i = 0; i < after.series.size(); ++i) {
    EXPECT_EQ(after.series[i].number, before.series[i].number);
    EXPECT_EQ(after.series[i].series, before.series[i].series);
  }
}

TEST(AgentMessages, TheOthersKeepEveryField) {
  const TickMessage tick = from_agent(TickMessage{9, std::string("\0\xff", 2)});
  EXPECT_EQ(tick.number, 9U);
  EXPECT_EQ(tick.data, std::string("\0\xff", 2));
  const Backfill backfill = from_agent(Backfill{5, 7, "chunk", hello().boot_id, true});
  EXPECT_EQ(backfill.stream, 5U);
  EXPECT_EQ(backfill.first, 7U);
  EXPECT_EQ(backfill.chunk, "chunk");
  EXPECT_EQ(backfill.boot_id, hello().boot_id);
  EXPECT_TRUE(backfill.end);
  const Happening happening = from_agent(Happening{units::from_unix_ms(5), "oom_kill", "postgres", 2, 9});
  EXPECT_EQ(happening.at, units::from_unix_ms(5));
  EXPECT_EQ(happening.kind, "oom_kill");
  EXPECT_EQ(happening.text, "postgres");
  EXPECT_EQ(happening.count, 2U);
  EXPECT_EQ(happening.id, 9U);
  EXPECT_EQ(from_agent(Evidence{3, "body"}).body, "body");
  const Processes processes = from_agent(Processes{
      7, units::from_unix_ms(5), units::Milliseconds{60'000}, 140, {{12, "db", 1'500, 4'096, "db -x", 5, 6}}});
  EXPECT_EQ(processes.id, 7U);
  EXPECT_EQ(processes.at, units::from_unix_ms(5));
  EXPECT_EQ(processes.span, units::Milliseconds{60'000});
  EXPECT_EQ(processes.count, 140U);
  EXPECT_EQ(processes.top, (std::vector<Process>{{12, "db", 1'500, 4'096, "db -x", 5, 6}}));
  for (const auto reason :
       {GoodbyeReason::service_stop, GoodbyeReason::upgrade, GoodbyeReason::host_shutdown, GoodbyeReason::reboot}) {
    EXPECT_EQ(from_agent(Goodbye{reason}).reason, reason);
  }
}

TEST(CollectorMessages, KeepEveryField) {
  const Welcome after = from_collector(welcome());
  EXPECT_EQ(after.interval, welcome().interval);
  EXPECT_EQ(after.resume, welcome().resume);
  EXPECT_EQ(after.collector_time, welcome().collector_time);
  EXPECT_EQ(after.max_message, kMaxMessage);
  EXPECT_EQ(after.max_cells, kMaxBatchCells);
  EXPECT_EQ(after.host_id, welcome().host_id);
  EXPECT_EQ(from_collector(Ack{{{77, 12}}}).streams, (std::vector<Resume>{{77, 12}}));
  EXPECT_EQ(from_collector(Ack{{}, {5, ~0ULL}}).happenings, (std::vector<std::uint64_t>{5, ~0ULL}));
  EXPECT_EQ(from_collector(SetInterval{units::Milliseconds{250}}).interval, units::Milliseconds{250});
  EXPECT_EQ(from_collector(Request{4, "processes"}).what, "processes");
  EXPECT_EQ(from_collector(Retry{units::Milliseconds{5'000}, "full"}).after, units::Milliseconds{5'000});
}

TEST(Backfill, ThatOnlyEndsNeedsNoStream) {
  EXPECT_TRUE(from_agent(Backfill{0, 0, "", {}, true}).end);
  EXPECT_FALSE(round_trip(AgentMessage{Backfill{5, 7, "", {}, false}}).has_value());
}

/// The message with one thing broken, and the field that the error has to name.
template <class T>
struct Broken {
  std::function<void(T&)> breaks;
  const char* field;
};

template <class T, class Message>
void expect_refused(const T& good, const std::vector<Broken<T>>& cases) {
  ASSERT_TRUE(round_trip(Message{good}).has_value());
  for (const Broken<T>& one : cases) {
    T bad = good;
    one.breaks(bad);
    const auto decoded = round_trip(Message{bad});
    ASSERT_FALSE(decoded.has_value()) << one.field;
    EXPECT_EQ(decoded.error().code, ErrorCode::invalid);
    EXPECT_THAT(decoded.error().message, HasSubstr(one.field));
  }
}

TEST(Limits, OfHelloNameTheirField) {
  expect_refused<Hello, AgentMessage>(
      hello(), {{[](Hello& h) { h.protocol = 0; }, "hello.protocol"},
                {[](Hello& h) { h.tags = {"a b"}; }, "hello.tags"},
                {[](Hello& h) { h.tags = {"a", "a"}; }, "hello.tags"},
                {[](Hello& h) { h.tags = {""}; }, "hello.tags"},
                {[](Hello& h) {
                   for (int i = 0; i < 33; ++i) h.tags.push_back("t" + std::to_string(i));
                 },
                 "hello.tags"},
                {[](Hello& h) { h.stream = 0; }, "hello.stream"},
                {[](Hello& h) { h.agent_version.assign(257, 'v'); }, "hello.agent_version"},
                {[](Hello& h) { h.facts.hostname.assign(257, 'h'); }, "hello.facts.hostname"},
                {[](Hello& h) { h.facts.virtualization.assign(257, 'h'); }, "hello.facts.virtualization"},
                {[](Hello& h) { h.facts.boot_time = units::from_unix_ms(-1); }, "hello.facts.boot_time_ms"},
                {[](Hello& h) { h.agent_time = units::Instant::max(); }, "hello.agent_time_ms"},
                {[](Hello& h) { h.open[0].stream = 0; }, "hello.open.stream"},
                {[](Hello& h) { h.open[0].stream = h.open[1].stream; }, "twice"},
                {[](Hello& h) { h.open[0].stream = h.stream; }, "twice"},
                {[](Hello& h) { h.open[0].first = 0; }, "hello.open.first"},
                {[](Hello& h) { h.open[0].first = 10; }, "hello.open.first"},
                {[](Hello& h) { h.open[0].last = kMaxTickNumber + 1; }, "hello.open.last"},
                {[](Hello& h) { h.open.resize(kMaxOpenStreams + 1, {1, 1, 1}); }, "hello.open lists too many"}});
}

TEST(Limits, OfAnnounceNameTheSeries) {
  const Announce good{{{0, metrics::series_of("system.memory.limit")}}};
  expect_refused<Announce, AgentMessage>(
      good, {{[](Announce& a) { a.series[0].number = kMaxSeries; }, "announce.series: number 16384"},
             {[](Announce& a) { a.series[0].series.key.name.clear(); }, "announce.series: series name"},
             {[](Announce& a) { a.series[0].series.quantum = {1, 0}; }, "quantum 1/0"},
             {[](Announce& a) { a.series[0].series.kind = static_cast<metrics::Kind>(7); }, "announce.series.kind"},
             {[](Announce& a) { a.series[0].series.key.attributes.assign(9, {"k", "v"}); }, "9 attributes"}});
}

TEST(Limits, OfTheOtherAgentMessagesNameTheirField) {
  expect_refused<TickMessage, AgentMessage>(TickMessage{1, ""},
                                            {{[](TickMessage& t) { t.number = 0; }, "tick.number"}});
  expect_refused<Backfill, AgentMessage>(Backfill{1, 1, "c", {}, false},
                                         {{[](Backfill& b) { b.stream = 0; }, "backfill.stream"},
                                          {[](Backfill& b) { b.first = 0; }, "backfill.first"},
                                          {[](Backfill& b) { b.chunk.clear(); }, "backfill.chunk"}});
  expect_refused<Processes, AgentMessage>(
      Processes{.id = 1, .top = {{.name = "db"}}},
      {{[](Processes& p) { p.id = 0; }, "processes.id"},
       {[](Processes& p) { p.at = units::Instant::min(); }, "processes.time_ms"},
       {[](Processes& p) { p.top.resize(65); }, "processes.top"},
       {[](Processes& p) { p.top[0].name.assign(257, 'n'); }, "processes.top.name"},
       {[](Processes& p) { p.top[0].arguments.assign(1'025, 'a'); }, "processes.top.arguments"}});
  expect_refused<Happening, AgentMessage>(Happening{},
                                          {{[](Happening& h) { h.kind.assign(257, 'k'); }, "happening.kind"},
                                           {[](Happening& h) { h.text.assign(1'025, 't'); }, "happening.text"},
                                           {[](Happening& h) { h.at = units::Instant::min(); }, "happening.time_ms"}});
}

TEST(Limits, OfCollectorMessagesNameTheirField) {
  expect_refused<Welcome, CollectorMessage>(
      welcome(), {{[](Welcome& w) { w.protocol = 0; }, "welcome.protocol"},
                  {[](Welcome& w) { w.host_id = "xyz"; }, "welcome.host_id"},
                  {[](Welcome& w) { w.max_message = 10; }, "welcome.max_message"},
                  {[](Welcome& w) { w.max_cells = 0; }, "welcome.max_cells"},
                  {[](Welcome& w) { w.resume[0].stream = 0; }, "welcome.resume"},
                  {[](Welcome& w) { w.resume.resize(kMaxOpenStreams + 2, {1, 1}); }, "welcome.resume"}});
  expect_refused<Ack, CollectorMessage>(Ack{{{1, 1}}},
                                        {{[](Ack& a) { a.streams[0].last = kMaxTickNumber + 1; }, "ack.streams"},
                                         {[](Ack& a) { a.happenings.resize(257); }, "ack.happenings"}});
  expect_refused<Retry, CollectorMessage>(Retry{}, {{[](Retry& r) { r.reason.assign(257, 'r'); }, "retry.reason"}});
}

TEST(Limits, AnIntervalOfZeroNeverReachesTheOtherEnd) {
  EXPECT_EQ(from_collector(SetInterval{units::Milliseconds{0}}).interval, units::Milliseconds{10});
  const std::string zero("\x01\x1a\x00", 3);  // set_interval {}
  EXPECT_THAT(decode_collector(units::as_bytes(zero)).error().message, HasSubstr("set_interval.interval_ms"));
}

TEST(Decode, TellsVersionEmptinessAndSizeApart) {
  EXPECT_EQ(decode_agent({}).error().code, ErrorCode::invalid);
  std::string bytes = encode(AgentMessage{hello()});
  bytes[0] = 2;
  EXPECT_EQ(decode_agent(units::as_bytes(bytes)).error().code, ErrorCode::version);
  const std::string large = encode(AgentMessage{Evidence{1, std::string(kMaxMessage, 'x')}});
  EXPECT_EQ(decode_agent(units::as_bytes(large)).error().code, ErrorCode::too_large);
  const std::string fits = encode(AgentMessage{Evidence{1, std::string(kMaxMessage - 16, 'x')}});
  EXPECT_TRUE(decode_agent(units::as_bytes(fits)).has_value());
}

TEST(Decode, SkipsFieldsItDoesNotKnow) {
  // Field 99 (varint 1) behind the message, as a newer agent would add it.
  const std::string bytes = encode(AgentMessage{Goodbye{GoodbyeReason::reboot}}) + "\x98\x06\x01";
  const auto decoded = decode_agent(units::as_bytes(bytes));
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_EQ(std::get<Goodbye>(*decoded).reason, GoodbyeReason::reboot);
}

TEST(Decode, SaysNotFoundForAKindOfMessageItDoesNotKnow) {
  const std::string unknown("\x01\x9a\x06\x00", 4);  // field 99, an empty message
  EXPECT_EQ(decode_agent(units::as_bytes(unknown)).error().code, ErrorCode::not_found);
  EXPECT_EQ(decode_collector(units::as_bytes(unknown)).error().code, ErrorCode::not_found);
}

TEST(Decode, TakesAGoodbyeWithANewReasonForAServiceStop) {
  const std::string bytes("\x01\x3a\x02\x08\x63", 5);  // goodbye { reason: 99 }
  EXPECT_EQ(std::get<Goodbye>(decode_agent(units::as_bytes(bytes)).value()).reason, GoodbyeReason::service_stop);
}

TEST(Decode, RefusesTextThatIsNotUtf8AndIdsThatAreNot16Bytes) {
  Hello bad = hello();
  bad.facts.hostname = "web\xff";
  EXPECT_EQ(round_trip(AgentMessage{bad}).error().code, ErrorCode::invalid);
  std::string bytes = encode(AgentMessage{hello()});
  const std::string id = "\x1a\x10" + std::string(16, '\x01');  // boot_id
  const std::size_t at = bytes.find(id);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = '\x0f';  // a byte shorter; what follows is then no field of ours
  EXPECT_FALSE(decode_agent(units::as_bytes(bytes)).has_value());
}

TEST(Decode, NeverTakesATruncatedHello) {
  const std::string bytes = encode(AgentMessage{hello()});
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_agent(units::as_bytes(bytes).first(size)).has_value()) << size;
  }
}

TEST(Encode, TextThatIsNotUtf8IsNotWrittenToTheLogOfTheOneWhoSendsIt) {
  Hello odd = hello();
  odd.facts.os = "\xff";
  testing::internal::CaptureStderr();
  (void)encode(AgentMessage{odd});
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace vedette::wire
