#include "server/alerts/entry.h"

#include <nlohmann/json.hpp>

namespace vedette::alerts {

using domain::Phase;
using Json = nlohmann::json;

std::string encode(const Entry& entry) {
  const domain::Alert& alert = entry.alert;
  Json attributes = Json::object();
  for (const auto& [key, value] : alert.attributes) attributes[key] = value;
  Json body = {{"v", 1},
               {"rule", alert.rule},
               {"series", entry.series},
               {"host", domain::index(alert.host)},
               {"attributes", std::move(attributes)},
               {"firing", alert.phase == Phase::firing},
               {"since", units::unix_ms(alert.since)},
               {"last_tick", units::unix_ms(entry.state.last_tick)},
               {"id", alert.id},
               {"incident", alert.incident},
               {"severity", static_cast<int>(alert.severity)},
               {"reason", alert.reason},
               {"host_since", units::unix_ms(entry.host_since)}};
  body["unit"] = alert.unit;
  body["notified_at"] = alert.notified_at ? Json(units::unix_ms(*alert.notified_at)) : Json();
  if (alert.value) body["value"] = *alert.value;
  if (alert.notifies_at) body["notifies_at"] = units::unix_ms(*alert.notifies_at);
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

units::Result<Entry> decode(const std::string& key, const std::string& body) {
  const Json json = Json::parse(body, nullptr, false);
  try {
    if (json.at("v") != 1) return units::fail(units::ErrorCode::version, "alert state " + key + ": newer version");
    Entry entry;
    domain::Alert& alert = entry.alert;
    alert.id = json.at("id");
    alert.incident = json.value("incident", alert.id);
    alert.rule = json.at("rule");
    entry.series = json.value("series", "");
    alert.host = domain::HostNumber{json.at("host").get<std::uint32_t>()};
    for (const auto& [name, value] : json.at("attributes").items()) alert.attributes.push_back({name, value});
    alert.phase = entry.state.phase = json.at("firing").get<bool>() ? Phase::firing : Phase::pending;
    alert.since = entry.state.since = units::from_unix_ms(json.at("since"));
    alert.severity = static_cast<domain::Severity>(json.at("severity").get<int>());
    alert.reason = json.at("reason");
    if (json.contains("value")) alert.value = json["value"].get<double>();
    if (json.contains("notifies_at")) alert.notifies_at = units::from_unix_ms(json["notifies_at"]);
    alert.unit = json.value("unit", "");
    if (!json.contains("notified_at")) {  // of the first builds, which told everyone once the hold was over
      if (alert.phase == Phase::firing && !alert.notifies_at) alert.notified_at = alert.since;
    } else if (!json["notified_at"].is_null()) {
      alert.notified_at = units::from_unix_ms(json["notified_at"]);
    }
    // Absent in states of the first builds: a gap without end, so that `for` starts anew.
    if (json.contains("last_tick")) entry.state.last_tick = units::from_unix_ms(json["last_tick"]);
    entry.kept_tick = entry.state.last_tick;
    entry.host_since = units::from_unix_ms(json.at("host_since"));
    entry.state.restored = true;
    return entry;
  } catch (const Json::exception& fault) {
    return units::fail(units::ErrorCode::corrupt, "alert state " + key + ": " + fault.what());
  }
}

}  // namespace vedette::alerts
