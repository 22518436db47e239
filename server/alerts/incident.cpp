#include "server/alerts/incident.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace vedette::alerts {

using Json = nlohmann::json;

bool Incident::over() const {
  return std::ranges::all_of(members, &Member::over);
}

domain::Notice Incident::notice(domain::Transition transition, units::Instant at) const {
  domain::Notice notice;
  notice.incident = id;
  notice.transition = transition;
  notice.at = at;
  notice.alert.incident = id;
  notice.alert.phase = transition == domain::Transition::fired ? domain::Phase::firing : domain::Phase::resolved;
  notice.alert.since = since;
  notice.alert.reason = words;
  if (members.empty()) return notice;
  notice.alert.id = members.front().alert;
  notice.alert.host = members.front().host;
  notice.host_name = members.front().name;
  notice.host_id = members.front().id;
  if (members.size() == 1) return notice;
  for (const Member& member : members) notice.hosts.push_back({member.id, member.name});
  return notice;
}

std::string state_key(std::uint64_t incident) {
  return "/" + std::to_string(incident);
}

bool is_incident(const std::string& key) {
  return key.starts_with('/') && key.find_first_not_of("0123456789", 1) == std::string::npos;
}

std::string encode(const Incident& incident) {
  Json members = Json::array();
  for (const auto& member : incident.members) {
    members.push_back({domain::index(member.host), member.id, member.name, member.alert});
  }
  Json body = {{"v", 1},
               {"incident", incident.id},
               {"since", units::unix_ms(incident.since)},
               {"words", incident.words},
               {"members", std::move(members)}};
  if (incident.notifies_at) body["notifies_at"] = units::unix_ms(*incident.notifies_at);
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

units::Result<Incident> decode_incident(const std::string& key, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  try {
    if (json.at("v") != 1) return units::fail(units::ErrorCode::version, "incident " + key + ": newer version");
    Incident incident;
    incident.id = json.at("incident");
    incident.since = units::from_unix_ms(json.at("since"));
    incident.words = json.at("words");
    if (json.contains("notifies_at")) incident.notifies_at = units::from_unix_ms(json["notifies_at"]);
    for (const Json& member : json.at("members")) {
      incident.members.push_back({domain::HostNumber{member.at(0).get<std::uint32_t>()}, member.at(1), member.at(2),
                                  member.at(3).get<std::uint64_t>()});
    }
    return incident;
  } catch (const Json::exception& fault) {
    return units::fail(units::ErrorCode::corrupt, "incident " + key + ": " + fault.what());
  }
}

}  // namespace vedette::alerts
