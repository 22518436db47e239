// What agents send: values to agent.proto and back.
#include <algorithm>

#include "agent.pb.h"
#include "schema/units/tags.h"
#include "schema/wire/framing.h"
#include "schema/wire/limits.h"
#include "schema/wire/messages.h"

namespace vedette::wire {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

void fill(pb::Facts& out, const Facts& in) {
  out.set_hostname(in.hostname);
  out.set_os(in.os);
  out.set_kernel(in.kernel);
  out.set_architecture(in.architecture);
  out.set_cpu_model(in.cpu_model);
  out.set_cores(in.cores);
  out.set_memory_bytes(in.memory_bytes);
  out.set_boot_time_ms(units::unix_ms(in.boot_time));
  out.set_timezone(in.timezone);
  out.set_virtualization(in.virtualization);
}

void fill(pb::AgentMessage& out, const Hello& in) {
  pb::Hello& hello = *out.mutable_hello();
  hello.set_protocol(in.protocol);
  hello.set_agent_version(in.agent_version);
  hello.set_boot_id(text_of(in.boot_id));
  hello.set_run_id(text_of(in.run_id));
  hello.set_stream(in.stream);
  for (const OpenStream& open : in.open) {
    pb::OpenStream& one = *hello.add_open();
    one.set_stream(open.stream);
    one.set_first(open.first);
    one.set_last(open.last);
  }
  fill(*hello.mutable_facts(), in.facts);
  hello.set_agent_time_ms(units::unix_ms(in.agent_time));
  for (const std::string& tag : in.tags) hello.add_tags(tag);
}

void fill(pb::AgentMessage& out, const Announce& in) {
  pb::Announce& announce = *out.mutable_announce();
  for (const AnnouncedSeries& announced : in.series) {
    pb::Series& one = *announce.add_series();
    one.set_number(announced.number);
    one.set_name(announced.series.key.name);
    for (const metrics::Attribute& attribute : announced.series.key.attributes) {
      pb::Attribute& pair = *one.add_attributes();
      pair.set_key(attribute.key);
      pair.set_value(attribute.value);
    }
    one.set_unit(announced.series.unit);
    one.set_kind(static_cast<std::uint32_t>(announced.series.kind));
    one.set_multiply(announced.series.quantum.multiply);
    one.set_divide(announced.series.quantum.divide);
  }
}

void fill(pb::AgentMessage& out, const TickMessage& in) {
  out.mutable_tick()->set_number(in.number);
  out.mutable_tick()->set_data(in.data);
}

void fill(pb::AgentMessage& out, const Backfill& in) {
  pb::Backfill& backfill = *out.mutable_backfill();
  backfill.set_stream(in.stream);
  backfill.set_first(in.first);
  backfill.set_chunk(in.chunk);
  backfill.set_boot_id(text_of(in.boot_id));
  backfill.set_end(in.end);
}

void fill(pb::AgentMessage& out, const Evidence& in) {
  out.mutable_evidence()->set_request(in.request);
  out.mutable_evidence()->set_body(in.body);
}

void fill(pb::AgentMessage& out, const Happening& in) {
  pb::Happening& happening = *out.mutable_happening();
  happening.set_time_ms(units::unix_ms(in.at));
  happening.set_kind(in.kind);
  happening.set_text(in.text);
  happening.set_count(in.count);
  happening.set_id(in.id);
}

void fill(pb::AgentMessage& out, const Processes& in) {
  pb::Processes& processes = *out.mutable_processes();
  processes.set_id(in.id);
  processes.set_time_ms(units::unix_ms(in.at));
  processes.set_span_ms(static_cast<std::uint32_t>(std::clamp<std::int64_t>(in.span.count(), 0, kMaxSpanMs)));
  processes.set_count(in.count);
  for (const Process& one : in.top) {
    pb::Process& process = *processes.add_top();
    process.set_pid(one.pid);
    process.set_name(one.name);
    process.set_cpu_permille(one.cpu_permille);
    process.set_memory_kib(one.memory_kib);
    process.set_arguments(one.arguments);
    process.set_read_bytes(one.read_bytes);
    process.set_written_bytes(one.written_bytes);
  }
}

void fill(pb::AgentMessage& out, const Goodbye& in) {
  out.mutable_goodbye()->set_reason(static_cast<pb::Goodbye::Reason>(in.reason));
}

Facts facts_of(const pb::Facts& in, Limits& limits) {
  limits.text(in.hostname(), "facts.hostname");
  limits.text(in.os(), "facts.os");
  limits.text(in.kernel(), "facts.kernel");
  limits.text(in.architecture(), "facts.architecture");
  limits.text(in.cpu_model(), "facts.cpu_model");
  limits.text(in.timezone(), "facts.timezone");
  limits.text(in.virtualization(), "facts.virtualization");
  limits.time(in.boot_time_ms(), "facts.boot_time_ms");
  Facts out;
  out.hostname = in.hostname();
  out.os = in.os();
  out.kernel = in.kernel();
  out.architecture = in.architecture();
  out.cpu_model = in.cpu_model();
  out.timezone = in.timezone();
  out.virtualization = in.virtualization();
  out.cores = in.cores();
  out.memory_bytes = in.memory_bytes();
  out.boot_time = units::from_unix_ms(in.boot_time_ms());
  return out;
}

Result<AgentMessage> hello_of(const pb::Hello& in) {
  Limits limits("hello");
  limits.require(in.protocol() >= 1, "protocol", "is 0");
  limits.text(in.agent_version(), "agent_version");
  limits.id(in.boot_id(), "boot_id");
  limits.id(in.run_id(), "run_id");
  limits.stream(in.stream(), "stream");
  limits.time(in.agent_time_ms(), "agent_time_ms");
  limits.require(static_cast<std::size_t>(in.open_size()) <= kMaxOpenStreams, "open", "lists too many streams");
  Hello out{in.protocol(),
            in.agent_version(),
            id128(in.boot_id()),
            id128(in.run_id()),
            in.stream(),
            {},
            facts_of(in.facts(), limits),
            units::from_unix_ms(in.agent_time_ms()),
            {in.tags().begin(), in.tags().end()}};
  limits.require(units::are_tags(out.tags), "tags", "are more than 32, one twice, or one no tag");
  for (const pb::OpenStream& open : in.open()) {
    if (!limits.kept()) break;
    limits.stream(open.stream(), "open.stream");
    limits.tick(open.first(), "open.first");
    limits.tick(open.last(), "open.last");
    limits.require(open.first() <= open.last(), "open.first", "is after open.last");
    limits.require(
        open.stream() != in.stream() &&
            std::ranges::none_of(out.open, [&](const OpenStream& other) { return other.stream == open.stream(); }),
        "open.stream", "is named twice");
    out.open.push_back({open.stream(), open.first(), open.last()});
  }
  return limits.result<AgentMessage>(std::move(out));
}

Result<AgentMessage> announce_of(const pb::Announce& in) {
  Announce out;
  for (const pb::Series& one : in.series()) {
    if (one.number() >= kMaxSeries || out.series.size() >= kMaxSeries) {
      return fail(ErrorCode::invalid, "announce.series: number " + std::to_string(one.number()) +
                                          " is over the limit of " + std::to_string(kMaxSeries) + " series");
    }
    if (one.kind() > 1) {
      return fail(ErrorCode::invalid, "announce.series.kind must be 0 (gauge) or 1 (counter)");
    }
    metrics::Series series{
        {one.name(), {}}, one.unit(), static_cast<metrics::Kind>(one.kind()), {one.multiply(), one.divide()}};
    for (const pb::Attribute& pair : one.attributes()) series.key.attributes.push_back({pair.key(), pair.value()});
    if (auto ok = metrics::check(series); !ok) {
      return fail(ErrorCode::invalid, "announce.series: " + ok.error().message);
    }
    out.series.push_back({one.number(), std::move(series)});
  }
  return out;
}

Result<AgentMessage> tick_of(const pb::Tick& in) {
  Limits limits("tick");
  limits.tick(in.number(), "number");
  return limits.result<AgentMessage>(TickMessage{in.number(), in.data()});
}

Result<AgentMessage> backfill_of(const pb::Backfill& in) {
  Limits limits("backfill");
  // A message that only says "that was all" carries no ticks, so it needn't say whose.
  if (in.chunk().empty()) {
    limits.require(in.end(), "chunk", "is empty");
  } else {
    limits.stream(in.stream(), "stream");
    limits.tick(in.first(), "first");
    limits.id(in.boot_id(), "boot_id");
  }
  return limits.result<AgentMessage>(Backfill{in.stream(), in.first(), in.chunk(), id128(in.boot_id()), in.end()});
}

Result<AgentMessage> happening_of(const pb::Happening& in) {
  Limits limits("happening");
  limits.time(in.time_ms(), "time_ms");
  limits.text(in.kind(), "kind");
  limits.text(in.text(), "text", kMaxLongText);
  return limits.result<AgentMessage>(
      Happening{units::from_unix_ms(in.time_ms()), in.kind(), in.text(), in.count(), in.id()});
}

Result<AgentMessage> processes_of(const pb::Processes& in) {
  Limits limits("processes");
  limits.require(in.id() != 0, "id", "is 0");
  limits.time(in.time_ms(), "time_ms");
  limits.require(in.span_ms() <= kMaxSpanMs, "span_ms", "is above one day");
  limits.require(static_cast<std::size_t>(in.top_size()) <= kMaxProcesses, "top", "lists too many processes");
  if (!limits.kept()) return limits.result<AgentMessage>(Processes{});
  Processes out{in.id(), units::from_unix_ms(in.time_ms()), units::Milliseconds{in.span_ms()}, in.count(), {}};
  for (const pb::Process& one : in.top()) {
    limits.text(one.name(), "top.name");
    limits.text(one.arguments(), "top.arguments", kMaxLongText);
    out.top.push_back({one.pid(), one.name(), one.cpu_permille(), one.memory_kib(), one.arguments(), one.read_bytes(),
                       one.written_bytes()});
  }
  return limits.result<AgentMessage>(std::move(out));
}

/// A reason that a newer agent gives is some way of stopping on purpose.
Goodbye goodbye_of(const pb::Goodbye& in) {
  return {pb::Goodbye::Reason_IsValid(in.reason()) ? static_cast<GoodbyeReason>(in.reason())
                                                   : GoodbyeReason::service_stop};
}

}  // namespace

std::string encode(const AgentMessage& message) {
  pb::AgentMessage out;
  std::visit([&](const auto& kind) { fill(out, kind); }, message);
  return pack(out);
}

Result<AgentMessage> decode_agent(std::span<const std::uint8_t> bytes) {
  pb::AgentMessage in;
  if (auto ok = unpack(bytes, in); !ok) return std::unexpected(ok.error());
  switch (in.kind_case()) {
    case pb::AgentMessage::kHello:
      return hello_of(in.hello());
    case pb::AgentMessage::kAnnounce:
      return announce_of(in.announce());
    case pb::AgentMessage::kTick:
      return tick_of(in.tick());
    case pb::AgentMessage::kBackfill:
      return backfill_of(in.backfill());
    case pb::AgentMessage::kEvidence:
      return Evidence{in.evidence().request(), in.evidence().body()};
    case pb::AgentMessage::kHappening:
      return happening_of(in.happening());
    case pb::AgentMessage::kGoodbye:
      return goodbye_of(in.goodbye());
    case pb::AgentMessage::kProcesses:
      return processes_of(in.processes());
    case pb::AgentMessage::KIND_NOT_SET:
      break;
  }
  return fail(ErrorCode::not_found, "message of a kind that this version doesn't know");
}

}  // namespace vedette::wire
