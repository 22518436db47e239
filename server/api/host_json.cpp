#include "server/api/host_json.h"

#include <string_view>

#include "server/domain/json.h"

namespace vedette::api {

using domain::append_json_number;
using domain::append_json_string;
using domain::append_json_time;

namespace {

void append_key(std::string& out, std::string_view key) {
  out += ",\"";
  out += key;
  out += "\":";
}

void text(std::string& out, std::string_view key, std::string_view value) {
  append_key(out, key);
  append_json_string(out, value);
}

template <class T, class Append>
void field(std::string& out, std::string_view key, const std::optional<T>& value, Append append) {
  append_key(out, key);
  if (value) {
    append(out, *value);
  } else {
    out += "null";
  }
}

void time(std::string& out, std::string_view key, std::optional<units::Instant> value) {
  field(out, key, value, append_json_time);
}

constexpr auto kAppendSeconds = [](std::string& out, auto span) {
  append_json_number(out, std::chrono::duration<double>(span).count());
};

template <class T, class Append>
void column(std::string& out, std::string_view key, const std::vector<T>& values, Append append) {
  append_key(out, key);
  domain::append_json_array(out, values, append);
}

void append_facts(std::string& out, const domain::HostFacts& facts) {
  out += "{\"hostname\":";
  append_json_string(out, facts.hostname);
  text(out, "os", facts.os);
  text(out, "kernel", facts.kernel);
  text(out, "architecture", facts.architecture);
  text(out, "cpu_model", facts.cpu_model);
  append_key(out, "cores");
  out += std::to_string(facts.cores);
  append_key(out, "memory");
  out += std::to_string(facts.memory_bytes);
  const bool booted = facts.boot_time != units::Instant{};
  time(out, "boot_time", booted ? std::optional(facts.boot_time) : std::nullopt);
  text(out, "timezone", facts.timezone);
  text(out, "virtualization", facts.virtualization);
  text(out, "agent_version", facts.agent_version);
  out += '}';
}

}  // namespace

void append_host(std::string& out, const domain::HostView& host, bool with_facts) {
  out += "{\"id\":\"" + units::to_string(host.record.id) + '"';
  text(out, "name", host.record.name);
  text(out, "status", domain::name(host.state.status));
  time(out, "since", host.state.since);
  text(out, "reason", host.state.reason);
  column(out, "tags", host.record.tags, append_json_string);
  time(out, "last_tick", host.state.last_tick);
  field(out, "rtt", host.state.rtt, kAppendSeconds);
  field(out, "skew", host.state.skew, kAppendSeconds);
  if (with_facts) field(out, "facts", host.facts, append_facts);
  out += '}';
}

void append_series_fields(std::string& out, const metrics::Series& series) {
  out += "\"name\":";
  append_json_string(out, series.key.name);
  append_key(out, "attributes");
  out += '{';
  for (const metrics::Attribute& attribute : series.key.attributes) {
    if (&attribute != &series.key.attributes.front()) out += ',';
    append_json_string(out, attribute.key);
    out += ':';
    append_json_string(out, attribute.value);
  }
  out += '}';
  text(out, "unit", series.unit);
}

void append_series(std::string& out, const metrics::Series& series) {
  out += '{';
  append_series_fields(out, series);
  text(out, "kind", series.kind == metrics::Kind::counter ? "counter" : "gauge");
  out += '}';
}

void append_outage(std::string& out, const domain::Outage& outage) {
  out += "{\"from\":";
  append_json_time(out, outage.from);
  time(out, "to", outage.to);
  text(out, "status", domain::name(outage.status));
  text(out, "reason", outage.reason);
  text(out, "correction", outage.correction);
  out += outage.notified ? ",\"notified\":true}" : ",\"notified\":false}";
}

void append_happening(std::string& out, const domain::Happening& happening) {
  out += "{\"at\":";
  append_json_time(out, happening.at);
  text(out, "kind", happening.kind);
  text(out, "text", happening.text);
  out += ",\"count\":" + std::to_string(happening.count) + '}';
}

}  // namespace vedette::api
