#include "server/fleet/rows.h"

#include <algorithm>
#include <array>
#include <map>

#include "server/domain/json.h"

namespace vedette::fleet {

using domain::append_json_number;
using domain::append_json_string;
using domain::append_json_time;
using Value = domain::FleetObserver::Value;
using namespace std::string_view_literals;

namespace {

/// Traffic over these passes a real interface as well: counting both would show it twice.
bool is_virtual_interface(std::string_view name) {
  static constexpr std::array<std::string_view, 9> kPrefixes{"veth", "docker", "br-",     "virbr", "cni",
                                                             "tap",  "tun",    "flannel", "cali"};
  return name == "lo" || std::ranges::any_of(kPrefixes, [&](auto prefix) { return name.starts_with(prefix); });
}

struct Collected {
  std::optional<double> available, limit, used;
  std::map<std::string_view, std::array<double, 2>> mounts;  // used, free
};

void add(std::optional<double>& sum, double value) {
  sum = sum.value_or(0) + value;
}

void take_filesystem(Collected& c, const Value& v) {
  const auto mount = v.series->key.attribute("mountpoint"), state = v.series->key.attribute("state");
  if (!mount || !state) return;
  if (*state == "used") c.mounts[*mount][0] = v.value;
  if (*state == "free") c.mounts[*mount][1] = v.value;
}

void take_network(Summary& s, const Value& v) {
  const auto interface = v.series->key.attribute("interface"), direction = v.series->key.attribute("direction");
  if (!interface || !direction || is_virtual_interface(*interface)) return;
  add(*direction == "receive" ? s.received : s.sent, v.value);
}

void take_value(Summary& s, Collected& c, const Value& v) {
  const std::string_view name = v.series->key.name;  // compares sizes first: this runs for each value of each tick
  const bool whole = v.series->key.attributes.empty();
  if (name == "system.cpu.utilization"sv && whole) s.cpu = v.value;
  if (name == "system.cpu.load_average.1m"sv) s.load = v.value;
  if (name == "system.linux.memory.available"sv) c.available = v.value;
  if (name == "system.memory.limit"sv) c.limit = v.value;
  if (name == "system.memory.usage"sv && v.series->key.attribute("state") == "used") c.used = v.value;
  if (name == "system.filesystem.usage"sv) take_filesystem(c, v);
  if (name == "system.network.io"sv) take_network(s, v);
}

template <class T, class Append>
void optional_field(std::string& out, const std::optional<T>& value, Append append) {
  out += ',';
  if (value) {
    append(out, *value);
  } else {
    out += "null";
  }
}

void number_field(std::string& out, const std::optional<double>& value) {
  optional_field(out, value, append_json_number);
}

void string_field(std::string& out, std::string_view value) {
  out += ',';
  append_json_string(out, value);
}

void host_fields(std::string& out, const domain::HostView& host) {
  append_json_string(out, units::to_string(host.record.id));
  string_field(out, host.record.name);
  out += ",[";
  for (const std::string& tag : host.record.tags) {
    if (&tag != &host.record.tags.front()) out += ',';
    append_json_string(out, tag);
  }
  out += ']';
  string_field(out, domain::name(host.state.status));
  out += ',';
  append_json_time(out, host.state.since);
  string_field(out, host.state.reason);
  optional_field(out, host.state.last_tick, append_json_time);
  const auto seconds = [](std::string& o, auto span) {
    append_json_number(o, std::chrono::duration<double>(span).count());
  };
  optional_field(out, host.state.rtt, seconds);
  optional_field(out, host.state.skew, seconds);
}

}  // namespace

Summary summarize(std::span<const Value> values) {
  Summary s;
  Collected c;
  for (const Value& v : values) take_value(s, c, v);
  if (c.limit && *c.limit > 0) {
    if (c.available) {
      s.memory = std::clamp(1 - *c.available / *c.limit, 0.0, 1.0);
    } else if (c.used) {
      s.memory = std::clamp(*c.used / *c.limit, 0.0, 1.0);
    }
  }
  for (const auto& [mount, bytes] : c.mounts) {
    const double all = bytes[0] + bytes[1];
    if (all <= 0 || (s.disk && bytes[0] / all <= *s.disk)) continue;
    s.disk = bytes[0] / all;
    s.disk_mount = mount;
  }
  return s;
}

std::string fleet_header() {
  return R"(["id","name","tags","status","since","reason","last_tick","rtt","skew","cpu","memory","load","cores","disk",)"
         R"("disk_mount","received","sent","notifies_at","happened"])";
}

std::string fleet_row(const domain::HostView& host, std::span<const Value> values,
                      std::optional<units::Instant> notifies_at, std::optional<units::Instant> happened) {
  const Summary s = summarize(values);
  std::string out = "[";
  host_fields(out, host);
  number_field(out, s.cpu);
  number_field(out, s.memory);
  number_field(out, s.load);
  number_field(out, host.facts ? std::optional<double>(host.facts->cores) : std::nullopt);
  number_field(out, s.disk);
  string_field(out, s.disk_mount);
  number_field(out, s.received);
  number_field(out, s.sent);
  optional_field(out, notifies_at, append_json_time);
  optional_field(out, happened, append_json_time);
  out += ']';
  return out;
}

std::string host_topic(const units::HostId& id) {
  return "host/" + units::to_string(id);
}

std::string host_header(std::span<const metrics::Series> shown) {
  std::string out = R"(["t")";
  for (const metrics::Series& series : shown) string_field(out, metrics::to_string(series.key));
  out += ']';
  return out;
}

std::string host_row(units::Instant at, std::span<const metrics::Series> shown, std::span<const Value> values) {
  std::string out = "[";
  append_json_time(out, at);
  auto next = values.begin();
  for (const metrics::Series& series : shown) {
    const bool has = next != values.end() && next->series == &series;
    number_field(out, has ? std::optional((next++)->value) : std::nullopt);
  }
  out += ']';
  return out;
}

}  // namespace vedette::fleet
