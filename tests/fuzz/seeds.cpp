// Writes valid inputs for every target: fuzz_seeds DIRECTORY makes DIRECTORY/<target>/<name>.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "agent/spool/record.h"
#include "agent/spool/segment.h"
#include "schema/chunk/chunk.h"
#include "schema/chunk/column.h"
#include "schema/chunk/head.h"
#include "schema/metrics/catalogue.h"
#include "schema/units/bytes.h"
#include "schema/wire/messages.h"
#include "schema/wire/tick_codec.h"
#include "tests/schema/chunk/tables.h"

namespace vedette {
namespace {

std::filesystem::path directory;

void seed(const std::string& target, const std::string& name, const std::string& bytes) {
  std::filesystem::create_directories(directory / target);
  std::ofstream(directory / target / name, std::ios::binary) << bytes;
}

/// A small table with integers, doubles and absent cells.
chunk::Table small_table() {
  chunk::Table table{{}, {{0, false, {}, {}}, {1, true, {}, {}}, {7, false, {}, {}}}};
  for (std::int64_t i = 0; i < 70; ++i) {
    table.times.push_back(1'795'425'204'000 + i * 1'000);
    table.columns[0].values.push_back(i * i);
    table.columns[1].values.push_back(static_cast<std::int64_t>(0x3ff0000000000000 + (i << 40)));
    table.columns[2].values.push_back(i % 5);
    table.columns[2].present.push_back(i % 3 != 0);
  }
  return table;
}

void chunk_seeds() {
  const chunk::Table table = small_table();
  seed("chunk", "whole", '\0' + chunk::encode(table));
  seed("chunk", "whole_empty", '\0' + chunk::encode({}));
  seed("chunk", "whole_dense", '\0' + chunk::encode_dense(table));
  std::string head(1, '\1');
  chunk::put_head(head, chunk::kBlocksOnly, {1'000, 1'000, 1}, std::string("\xd0\x0f"), {});
  seed("chunk", "head", head.substr(0, head.size() - 4));
  const auto column_seed = [](const std::string& name, std::uint8_t version, const chunk::Column& column) {
    std::string body(1, '\2');
    units::put_fixed(body, column.values.size(), 2);
    chunk::put_column(body, version, column);
    seed("chunk", name, body.substr(0, body.size() - 4));
  };
  for (const std::uint64_t number : {3U, 4U, 8U, 11U}) {
    for (const chunk::Column& column : chunk::random_table(number).columns) {
      if (column.values.size() > 150) continue;
      column_seed("column_" + std::to_string(number) + "_" + std::to_string(column.id), chunk::kBlocksOnly, column);
    }
  }
  for (const chunk::Column& column : chunk::kept_table().columns) {
    if (!column.real) column_seed("coded_" + std::to_string(column.id), chunk::kNewest, column);
  }
  std::string values(1, '\3');
  for (std::uint64_t i = 0; i < 80; ++i) {
    values.push_back(static_cast<char>(i * 37));
    units::put_fixed(values, i * 0x9e3779b97f4a7c15, 8);
  }
  seed("chunk", "values", values);
}

std::string tick_run() {
  wire::TickEncoder encoder;
  std::string run(1, '\4');
  for (std::int64_t i = 0; i < 5; ++i) {
    wire::TickRow row{units::from_unix_ms(1'795'425'204'000 + i * 1'000),
                      {metrics::integer(i * 100), metrics::integer(0x3ff0000000000000 + i), metrics::Cell{}}};
    if (i > 2) row.cells.push_back(metrics::integer(-i));
    const std::string bytes = encoder.encode(row, {false, true, false, false});
    run.push_back(static_cast<char>(bytes.size()));
    run += bytes;
  }
  return run;
}

void agent_seeds() {
  wire::Hello hello;
  hello.agent_version = "0.1.0";
  hello.stream = 77;
  hello.open = {{5, 1, 9}};
  hello.facts.hostname = "web-07";
  seed("agent_message", "hello", encode(wire::AgentMessage{hello}));
  wire::Announce announce;
  std::uint32_t number = 0;
  for (const metrics::Metric& metric : metrics::catalogue()) {
    announce.series.push_back({number++, metrics::series_of(metric.name, {{"cpu", "0"}})});
  }
  seed("agent_message", "announce", encode(wire::AgentMessage{announce}));
  wire::TickEncoder encoder;
  const wire::TickRow row{units::from_unix_ms(1'000), {metrics::integer(5), metrics::Cell{}}};
  seed("agent_message", "tick", encode(wire::AgentMessage{wire::TickMessage{1, encoder.encode(row, {})}}));
  seed("agent_message", "backfill",
       encode(wire::AgentMessage{wire::Backfill{5, 1, chunk::encode(small_table()), {}, true}}));
  seed("agent_message", "evidence", encode(wire::AgentMessage{wire::Evidence{1, "body"}}));
  seed("agent_message", "happening", encode(wire::AgentMessage{wire::Happening{{}, "oom_kill", "postgres", 1}}));
  seed("agent_message", "processes",
       encode(
           wire::AgentMessage{wire::Processes{1, {}, units::Milliseconds{60'000}, 9, {{1, "init", 2, 3, "", 4, 5}}}}));
  seed("agent_message", "goodbye", encode(wire::AgentMessage{wire::Goodbye{wire::GoodbyeReason::reboot}}));
}

std::string framed(const wire::AgentMessage& message) {
  const std::string bytes = encode(message);
  std::string out;
  units::put_fixed(out, bytes.size(), 2);
  return out + bytes;
}

// Whole conversations: Hello, announcements, live ticks, backfills that overlap.
void ingest_seeds() {
  wire::Hello hello;
  hello.stream = 77;
  hello.open = {{5, 1, 90}};
  hello.facts.hostname = "web-07";
  wire::Announce announce;
  for (std::uint32_t n = 0; n < 8; ++n) {
    announce.series.push_back({n, metrics::series_of("system.cpu.time", {{"cpu", std::to_string(n)}})});
  }
  const std::string start = framed(hello) + framed(announce);
  std::string live = start;
  wire::TickEncoder encoder;
  for (std::int64_t i = 0; i < 4; ++i) {
    const wire::TickRow row{units::from_unix_ms(1'795'425'200'000 + i * 1'000), {metrics::integer(i), metrics::Cell{}}};
    live += framed(wire::TickMessage{static_cast<std::uint64_t>(i + 1), encoder.encode(row, {})});
  }
  seed("ingest", "live", live);
  const std::string chunk = chunk::encode(small_table());
  seed("ingest", "backfill",
       start + framed(wire::Backfill{5, 1, chunk, {}, false}) + framed(wire::Backfill{5, 21, chunk, {}, true}));
  chunk::Table times;
  for (std::int64_t n = 0; n < 5'000; ++n) times.times.push_back(n);
  seed("ingest", "times_alone", start + framed(wire::Backfill{77, 1, chunk::encode(times), {}, false}));
}

void collector_seeds() {
  wire::Welcome welcome;
  welcome.resume = {{77, 0}};
  welcome.host_id = "000102030405060708090a0b0c0d0eff";
  seed("collector_message", "welcome", encode(wire::CollectorMessage{welcome}));
  seed("collector_message", "ack", encode(wire::CollectorMessage{wire::Ack{{{77, 12}}}}));
  seed("collector_message", "set_interval", encode(wire::CollectorMessage{wire::SetInterval{}}));
  seed("collector_message", "request", encode(wire::CollectorMessage{wire::Request{1, "processes"}}));
  seed("collector_message", "retry", encode(wire::CollectorMessage{wire::Retry{units::Milliseconds{500}, "full"}}));
}

void spool_seeds() {
  spool::SegmentWriter writer(
      {.host = {1}, .boot = {2}, .run = {3}, .clock_base = units::Milliseconds{1'795'425'000'000}});
  const std::vector<metrics::Series> series{metrics::series_of("system.cpu.time", {{"mode", "idle"}}),
                                            {{"test.level", {}}, "1", metrics::Kind::gauge, metrics::kReal}};
  std::string segment;
  for (std::int64_t i = 1; i <= 25; ++i) {
    const wire::TickRow row{units::from_unix_ms(1'795'425'204'000 + i * 1'000),
                            {metrics::integer(i * 100), metrics::integer(0x3ff0000000000000 + i)}};
    segment += writer.tick(i < 10 ? 77 : 78, {}, static_cast<wire::TickNumber>(i), row, series);
  }
  segment += spool::offset_note(78, units::Milliseconds{-250}) + spool::released_note(77, 3);
  seed("spool", "segment", '\0' + segment);
  seed("spool", "torn", '\0' + segment.substr(0, segment.size() / 2));
  std::string bodies;
  spool::RecordReader reader(units::as_bytes(segment));
  while (const auto record = reader.next()) {
    bodies.push_back(static_cast<char>(record->type));
    units::put_fixed(bodies, record->body.size(), 2);
    bodies.append(record->body.begin(), record->body.end());
  }
  seed("spool", "bodies", '\1' + bodies);
  seed("spool", "bodies_damaged", '\2' + bodies);
}

// What viewers send: lines as live_commands.cpp takes them.
void live_seeds() {
  const std::string host = "host/00112233445566778899aabbccddeeff";
  seed("live_commands", "subscribe",
       R"({"op":"subscribe","topics":["fleet","alerts"]})"
       "\n~\n"
       R"({"op":"unsubscribe","topics":["alerts"]})"
       "\n~\n~");
  seed("live_commands", "host", R"({"op":"subscribe","topics":[")" + host + R"("]})" + "\n~");
  seed("live_commands", "revoked",
       R"({"op":"subscribe","topics":[")" + host + "\"]}\nGET /api/v1/live/events?topics=" + host +
           "\n~\nGET /api/v1/live/poll?topics=" + host + "&cursor=run7-9\n^\n~\n^\n~");
  seed("live_commands", "resume",
       "~\n~\n~\n"
       R"({"op":"subscribe","topics":["fleet","alerts"],"cursor":"run7-2"})"
       "\n"
       R"({"op":"subscribe","topics":["alerts"],"cursor":null})");
  seed("live_commands", "faults",
       "no JSON\n"
       R"({"op":"drop"})"
       "\n"
       R"({"op":"subscribe","topics":[7]})"
       "\n[]");
  seed("live_commands", "unknown_host",
       R"({"op":"subscribe","topics":["fleet","host/ff000000000000000000000000000000"],"cursor":"other-9"})");
  seed("live_commands", "events", "GET /api/v1/live/events?topics=fleet,alerts&cursor=run7-0\n~\n~");
  seed("live_commands", "events_again",
       "~\n~\nGET /api/v1/live/events?topics=fleet&topics=" + host + "&cursor=run7-0\trun7-1\n~");
  seed("live_commands", "events_faulty", "GET /api/v1/live/events?topics=fl%0aeet%ff\nGET /api/v1/live/events");
  seed("live_commands", "poll",
       "GET /api/v1/live/poll?topics=fleet\nGET /api/v1/live/poll?topics=fleet&cursor=run7-1\n~");
  seed("live_commands", "poll_too_many",
       "GET /api/v1/live/poll?topics=fleet,alerts," + host + ",host/10112233445566778899aabbccddeeff\n" +
           "GET /api/v1/live/poll?topics=alerts&cursor=run7-0\n");
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
  using namespace vedette;
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_seeds DIRECTORY\n");
    return 2;
  }
  directory = argv[1];
  chunk_seeds();
  seed("tick", "run", tick_run());
  agent_seeds();
  ingest_seeds();
  collector_seeds();
  spool_seeds();
  live_seeds();
  seed("selector", "name", "system.disk.io");
  seed("selector", "exact", "system.disk.io{device=sda,direction=read}");
  seed("selector", "any", "system.disk.io{device=*, direction=read}");
  seed("selector", "quoted", R"(m{a="x,y}=\"\\",b=})");
  return 0;
}
