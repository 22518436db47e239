#include "server/api/alerts.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

namespace vedette::api {

using domain::Alert;
using Json = nlohmann::json;

namespace {

Json json_of(const Alert& alert, const std::string& host) {
  Json attributes = Json::object();
  for (const auto& [key, value] : alert.attributes) attributes[key] = value;
  return {{"id", alert.id},
          {"rule", alert.rule},
          {"host", host},
          {"attributes", attributes},
          {"state", domain::name(alert.phase)},
          {"severity", domain::name(alert.severity)},
          {"since", static_cast<double>(units::unix_ms(alert.since)) / 1000},
          {"value", alert.value ? Json(*alert.value) : Json()},
          {"reason", alert.reason}};
}

domain::Response list(domain::AlertRecords& records, const domain::HostDirectory& directory) {
  const auto alerts = records.alerts(kResolvedShown);
  if (!alerts) return domain::problem(alerts.error());
  std::unordered_map<domain::HostNumber, std::string> ids;
  for (const auto& view : directory.hosts()) ids[view.record.number] = units::to_string(view.record.id);
  Json all = Json::array();
  for (const Alert& alert : *alerts) {
    // A host that the directory doesn't know can't be named; its alerts can't be looked at either.
    if (const auto id = ids.find(alert.host); id != ids.end()) all.push_back(json_of(alert, id->second));
  }
  return domain::json(200, Json{{"alerts", all}}.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

void add_alert_routes(Router& router, domain::AlertRecords& alerts, const domain::HostDirectory& hosts) {
  router.add({"GET", "/api/v1/alerts", Access::viewer, 0,
              [&alerts, &hosts](Context& context) { context.respond(list(alerts, hosts)); }});
}

}  // namespace vedette::api
