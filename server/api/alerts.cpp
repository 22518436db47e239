#include "server/api/alerts.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "server/domain/json.h"

namespace vedette::api {

using domain::Alert;
using Json = nlohmann::json;

namespace {

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void append_time(std::string& text, const char* key, const std::optional<units::Instant>& time) {
  text += std::string(",\"") + key + "\":";
  if (time) {
    domain::append_json_time(text, *time);
  } else {
    text += "null";
  }
}

std::string json_of(const Alert& alert, const std::string& host) {
  Json attributes = Json::object();
  for (const auto& [key, value] : alert.attributes) attributes[key] = value;
  std::string text = text_of({{"id", alert.id},
                              {"rule", alert.rule},
                              {"host", host},
                              {"attributes", attributes},
                              {"state", domain::name(alert.phase)},
                              {"severity", domain::name(alert.severity)},
                              {"value", alert.value ? Json(*alert.value) : Json()},
                              {"unit", alert.unit},
                              {"reason", alert.reason}});
  text.back() = ',';  // in place of the closing brace; the library would write the time's decimals as it likes
  text += "\"since\":";
  domain::append_json_time(text, alert.since);
  append_time(text, "notifies_at", alert.notifies_at);
  append_time(text, "notified_at", alert.notified_at);
  return text + "}";
}

domain::Response list(domain::AlertRecords& records, const domain::HostDirectory& directory) {
  const auto alerts = records.alerts(kResolvedShown);
  if (!alerts) return domain::problem(alerts.error());
  std::unordered_map<domain::HostNumber, std::string> ids;
  for (const auto& view : directory.hosts()) ids[view.record.number] = units::to_string(view.record.id);
  std::string all;
  for (const Alert& alert : *alerts) {
    // A host that the directory doesn't know can't be named; its alerts can't be looked at either.
    if (const auto id = ids.find(alert.host); id != ids.end())
      all += (all.empty() ? "" : ",") + json_of(alert, id->second);
  }
  return domain::json(200, "{\"alerts\":[" + all + "]}");
}

}  // namespace

void add_alert_routes(Router& router, domain::AlertRecords& alerts, const domain::HostDirectory& hosts) {
  router.add({"GET", "/api/v1/alerts", Access::viewer, 0,
              [&alerts, &hosts](Context& context) { context.respond(list(alerts, hosts)); }});
}

}  // namespace vedette::api
