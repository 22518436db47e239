#include "server/control/rows.h"

#include <array>
#include <nlohmann/json.hpp>

#include "schema/units/bytes.h"
#include "schema/units/host_id.h"

namespace vedette::control {

using domain::AccessRole;
using domain::Alert;
using domain::HostFacts;
using domain::Notice;
using domain::Transition;
using nlohmann::json;
using units::Result;

namespace {

std::unexpected<units::Error> unreadable(std::string_view what, std::string_view value) {
  return units::fail(units::ErrorCode::corrupt,
                     "control.db holds a " + std::string(what) + " nobody knows: \"" + std::string(value) + "\"");
}

/// The constant among `all` whose word it is.
template <class Enum, std::size_t N, class Word>
Result<Enum> find(const std::array<Enum, N>& all, std::string_view text, std::string_view what, Word word_of) {
  for (const Enum one : all) {
    if (word_of(one) == text) return one;
  }
  return unreadable(what, text);
}

/// Runs `read` on the parsed text; any JSON fault is `corrupt`.
template <class Read>
auto parsed(std::string_view text, std::string_view what, Read read) -> std::invoke_result_t<Read, const json&> {
  try {
    return read(json::parse(text));
  } catch (const json::exception& fault) {
    return units::fail(units::ErrorCode::corrupt,
                       "control.db holds " + std::string(what) + " that can't be read: " + fault.what());
  }
}

/// Words from hosts may hold broken UTF-8; they must not make a row that can't be written.
std::string dump(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

json attributes_json(const std::vector<metrics::Attribute>& attributes) {
  json out = json::array();
  for (const auto& [key, value] : attributes) out.push_back({key, value});
  return out;
}

std::vector<metrics::Attribute> attributes_of(const json& in) {
  std::vector<metrics::Attribute> out;
  for (const json& pair : in) out.push_back({pair.at(0).get<std::string>(), pair.at(1).get<std::string>()});
  return out;
}

json alert_json(const Alert& alert) {
  return {{"id", alert.id},
          {"rule", alert.rule},
          {"host", domain::index(alert.host)},
          {"attributes", attributes_json(alert.attributes)},
          {"phase", domain::name(alert.phase)},
          {"severity", domain::name(alert.severity)},
          {"since", units::unix_ms(alert.since)},
          {"value", alert.value ? json(*alert.value) : json()},
          {"unit", alert.unit},
          {"reason", alert.reason},
          {"notifies_at", alert.notifies_at ? json(units::unix_ms(*alert.notifies_at)) : json()},
          {"incident", alert.incident}};
}

Result<Alert> alert_of(const json& in) {
  const auto phase = phase_of(in.at("phase").get<std::string>());
  if (!phase) return std::unexpected(phase.error());
  const auto severity = severity_of(in.at("severity").get<std::string>());
  if (!severity) return std::unexpected(severity.error());
  Alert alert;
  alert.id = in.at("id");
  alert.rule = in.at("rule");
  alert.host = domain::HostNumber{in.at("host").get<std::uint32_t>()};
  alert.attributes = attributes_of(in.at("attributes"));
  alert.phase = *phase;
  alert.severity = *severity;
  alert.since = units::from_unix_ms(in.at("since"));
  if (!in.at("value").is_null()) alert.value = in.at("value").get<double>();
  alert.unit = in.value("unit", "");
  alert.reason = in.at("reason");
  if (!in.at("notifies_at").is_null()) alert.notifies_at = units::from_unix_ms(in.at("notifies_at"));
  alert.incident = in.at("incident");
  return alert;
}

}  // namespace

std::string hex_of(const domain::Digest& digest) {
  return units::hex(units::as_bytes(digest));
}

Result<domain::Digest> digest_of(std::string_view hex) {
  domain::Digest digest;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const int high = digit(hex[i]);
    const int low = digit(hex[i + 1]);
    if (high < 0 || low < 0) return unreadable("digest", hex);
    digest.push_back(static_cast<char>(high * 16 + low));
  }
  if (hex.size() % 2 != 0) return unreadable("digest", hex);
  return digest;
}

std::string_view word(Transition transition) noexcept {
  return transition == Transition::fired ? "fired" : "resolved";
}

Result<AccessRole> role_of(std::string_view text) {
  if (const auto role = domain::access_role_of(text)) return *role;
  return unreadable("role", text);
}

Result<domain::HostStatus> status_of(std::string_view text) {
  using enum domain::HostStatus;
  return find(std::array{fresh, up, stopped, lost, unresponsive, rejected, unknown}, text, "status",
              [](domain::HostStatus s) { return domain::name(s); });
}

Result<domain::Phase> phase_of(std::string_view text) {
  using enum domain::Phase;
  return find(std::array{inactive, pending, firing, resolved}, text, "phase",
              [](domain::Phase p) { return domain::name(p); });
}

Result<domain::Severity> severity_of(std::string_view text) {
  using enum domain::Severity;
  return find(std::array{info, warning, critical}, text, "severity",
              [](domain::Severity s) { return domain::name(s); });
}

std::string encode_tags(const std::vector<std::string>& tags) {
  return dump(json(tags));
}

Result<std::vector<std::string>> decode_tags(std::string_view text) {
  return parsed(text, "tags",
                [](const json& in) -> Result<std::vector<std::string>> { return in.get<std::vector<std::string>>(); });
}

std::string encode_attributes(const std::vector<metrics::Attribute>& attributes) {
  return dump(attributes_json(attributes));
}

Result<std::vector<metrics::Attribute>> decode_attributes(std::string_view text) {
  return parsed(text, "attributes",
                [](const json& in) -> Result<std::vector<metrics::Attribute>> { return attributes_of(in); });
}

std::string encode_facts(const HostFacts& facts) {
  return dump({{"hostname", facts.hostname},
               {"os", facts.os},
               {"kernel", facts.kernel},
               {"architecture", facts.architecture},
               {"cpu_model", facts.cpu_model},
               {"timezone", facts.timezone},
               {"virtualization", facts.virtualization},
               {"agent_version", facts.agent_version},
               {"cores", facts.cores},
               {"memory_bytes", facts.memory_bytes},
               {"boot_time", units::unix_ms(facts.boot_time)},
               {"tags", facts.tags}});
}

Result<HostFacts> decode_facts(std::string_view text) {
  return parsed(text, "host facts", [](const json& in) -> Result<HostFacts> {
    HostFacts facts;
    facts.hostname = in.value("hostname", "");
    facts.os = in.value("os", "");
    facts.kernel = in.value("kernel", "");
    facts.architecture = in.value("architecture", "");
    facts.cpu_model = in.value("cpu_model", "");
    facts.timezone = in.value("timezone", "");
    facts.virtualization = in.value("virtualization", "");
    facts.agent_version = in.value("agent_version", "");
    facts.cores = in.value("cores", 0U);
    facts.memory_bytes = in.value("memory_bytes", std::uint64_t{0});
    facts.boot_time = units::from_unix_ms(in.value("boot_time", std::int64_t{0}));
    facts.tags = in.value("tags", std::vector<std::string>{});
    return facts;
  });
}

namespace {

json hosts_json(const std::vector<domain::NamedHost>& hosts) {
  json out = json::array();
  for (const auto& host : hosts) out.push_back({{"id", host.id}, {"name", host.name}});
  return out;
}

}  // namespace

std::string encode_notice(const Notice& notice) {
  return dump({{"incident", notice.incident},
               {"transition", word(notice.transition)},
               {"alert", alert_json(notice.alert)},
               {"host_name", notice.host_name},
               {"host_id", notice.host_id},
               {"at", units::unix_ms(notice.at)},
               {"hosts", hosts_json(notice.hosts)}});
}

Result<Notice> decode_notice(std::string_view text) {
  return parsed(text, "a notice", [](const json& in) -> Result<Notice> {
    auto alert = alert_of(in.at("alert"));
    if (!alert) return std::unexpected(std::move(alert.error()));
    Notice notice;
    notice.incident = in.at("incident");
    notice.transition = in.at("transition") == "fired" ? Transition::fired : Transition::resolved;
    notice.alert = std::move(*alert);
    notice.host_name = in.at("host_name");
    notice.host_id = in.at("host_id");
    notice.at = units::from_unix_ms(in.at("at"));
    if (in.contains("hosts")) {  // absent in those of the first builds
      for (const json& host : in["hosts"]) notice.hosts.push_back({host.at("id"), host.at("name")});
    }
    return notice;
  });
}

}  // namespace vedette::control
