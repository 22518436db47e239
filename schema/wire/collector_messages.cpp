// What collectors send: values to agent.proto and back.
#include "agent.pb.h"
#include "schema/units/host_id.h"
#include "schema/wire/framing.h"
#include "schema/wire/limits.h"
#include "schema/wire/messages.h"

namespace vedette::wire {
namespace {

using units::ErrorCode;
using units::fail;
using units::Result;

std::uint32_t clamped_ms(units::Milliseconds span, std::int64_t lowest, std::int64_t highest) noexcept {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(span.count(), lowest, highest));
}

void fill(auto& repeated, const std::vector<Resume>& in) {
  for (const Resume& resume : in) {
    pb::Resume& one = *repeated.Add();
    one.set_stream(resume.stream);
    one.set_last(resume.last);
  }
}

void fill(pb::CollectorMessage& out, const Welcome& in) {
  pb::Welcome& welcome = *out.mutable_welcome();
  welcome.set_protocol(in.protocol);
  welcome.set_interval_ms(clamped_ms(in.interval, kMinIntervalMs, kMaxIntervalMs));
  fill(*welcome.mutable_resume(), in.resume);
  welcome.set_collector_time_ms(units::unix_ms(in.collector_time));
  welcome.set_max_message(in.max_message);
  welcome.set_max_cells(in.max_cells);
  welcome.set_host_id(in.host_id);
}

void fill(pb::CollectorMessage& out, const Ack& in) {
  fill(*out.mutable_ack()->mutable_streams(), in.streams);
  out.mutable_ack()->mutable_happenings()->Assign(in.happenings.begin(), in.happenings.end());
}

void fill(pb::CollectorMessage& out, const SetInterval& in) {
  out.mutable_set_interval()->set_interval_ms(clamped_ms(in.interval, kMinIntervalMs, kMaxIntervalMs));
}

void fill(pb::CollectorMessage& out, const Request& in) {
  out.mutable_request()->set_id(in.id);
  out.mutable_request()->set_what(in.what);
}

void fill(pb::CollectorMessage& out, const Retry& in) {
  out.mutable_retry()->set_after_ms(clamped_ms(in.after, 0, kMaxRetryMs));
  out.mutable_retry()->set_reason(in.reason);
}

std::vector<Resume> resumes_of(const auto& repeated, std::string_view field, Limits& limits) {
  std::vector<Resume> out;
  // One more than open streams: the connection's own.
  limits.require(static_cast<std::size_t>(repeated.size()) <= kMaxOpenStreams + 1, field, "lists too many streams");
  for (const pb::Resume& one : repeated) {
    if (!limits.kept()) break;
    limits.stream(one.stream(), field);
    limits.require(one.last() <= kMaxTickNumber, field, "has a tick above 2^62");
    out.push_back({one.stream(), one.last()});
  }
  return out;
}

void check_interval(Limits& limits, std::uint32_t ms) {
  limits.require(ms >= kMinIntervalMs && ms <= kMaxIntervalMs, "interval_ms", "is not from 10 to 3600000");
}

Result<CollectorMessage> welcome_of(const pb::Welcome& in) {
  Limits limits("welcome");
  limits.require(in.protocol() >= 1, "protocol", "is 0");
  check_interval(limits, in.interval_ms());
  limits.time(in.collector_time_ms(), "collector_time_ms");
  limits.require(in.max_message() >= kMinMessageLimit, "max_message", "is below 1024");
  limits.require(in.max_cells() >= 1, "max_cells", "is 0");
  limits.require(units::parse_host_id(in.host_id()).has_value(), "host_id", "is not 32 hex digits");
  Welcome out;
  out.protocol = in.protocol();
  out.interval = units::Milliseconds{in.interval_ms()};
  out.resume = resumes_of(in.resume(), "resume", limits);
  out.collector_time = units::from_unix_ms(in.collector_time_ms());
  out.max_message = in.max_message();
  out.max_cells = in.max_cells();
  out.host_id = in.host_id();
  return limits.result<CollectorMessage>(std::move(out));
}

Result<CollectorMessage> ack_of(const pb::Ack& in) {
  Limits limits("ack");
  limits.require(static_cast<std::size_t>(in.happenings_size()) <= kMaxAckedHappenings, "happenings", "are too many");
  Ack out{resumes_of(in.streams(), "streams", limits), {in.happenings().begin(), in.happenings().end()}};
  return limits.result<CollectorMessage>(std::move(out));
}

Result<CollectorMessage> set_interval_of(const pb::SetInterval& in) {
  Limits limits("set_interval");
  check_interval(limits, in.interval_ms());
  return limits.result<CollectorMessage>(SetInterval{units::Milliseconds{in.interval_ms()}});
}

Result<CollectorMessage> request_of(const pb::Request& in) {
  Limits limits("request");
  limits.text(in.what(), "what");
  return limits.result<CollectorMessage>(Request{in.id(), in.what()});
}

Result<CollectorMessage> retry_of(const pb::Retry& in) {
  Limits limits("retry");
  limits.require(in.after_ms() <= kMaxRetryMs, "after_ms", "is above one day");
  limits.text(in.reason(), "reason");
  return limits.result<CollectorMessage>(Retry{units::Milliseconds{in.after_ms()}, in.reason()});
}

}  // namespace

std::string encode(const CollectorMessage& message) {
  pb::CollectorMessage out;
  std::visit([&](const auto& kind) { fill(out, kind); }, message);
  return pack(out);
}

Result<CollectorMessage> decode_collector(std::span<const std::uint8_t> bytes) {
  pb::CollectorMessage in;
  if (auto ok = unpack(bytes, in); !ok) return std::unexpected(ok.error());
  switch (in.kind_case()) {
    case pb::CollectorMessage::kWelcome:
      return welcome_of(in.welcome());
    case pb::CollectorMessage::kAck:
      return ack_of(in.ack());
    case pb::CollectorMessage::kSetInterval:
      return set_interval_of(in.set_interval());
    case pb::CollectorMessage::kRequest:
      return request_of(in.request());
    case pb::CollectorMessage::kRetry:
      return retry_of(in.retry());
    case pb::CollectorMessage::KIND_NOT_SET:
      break;
  }
  return fail(ErrorCode::not_found, "message of a kind that this version doesn't know");
}

}  // namespace vedette::wire
