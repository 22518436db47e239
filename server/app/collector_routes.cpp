// Who answers which request: routes and upgrades, bound to the parts behind them.
#include <algorithm>

#include "schema/units/log.h"
#include "server/api/alerts.h"
#include "server/api/backup_routes.h"
#include "server/api/enrol_route.h"
#include "server/api/history_route.h"
#include "server/api/host_routes.h"
#include "server/api/live_route.h"
#include "server/api/processes_route.h"
#include "server/api/session_routes.h"
#include "server/api/status_routes.h"
#include "server/api/traffic_route.h"
#include "server/app/collector_parts.h"
#include "server/live/event_stream.h"
#include "server/live/message.h"
#include "server/live/socket_viewer.h"

namespace vedette::app {

domain::LoginCookie cookie(const Settings& settings) {
  return {settings.base_path + "/"};
}

void Collector::Parts::add_routes(const std::string& metrics_token) {
  api::add_session_routes(router, desk, gate, settings.limits.body, cookie(settings));
  api::add_enrol_route(router, enrolment, settings.limits.body);
  api::add_unenrol_route(router, [this](const domain::RequestHead& head) -> units::Result<void> {
    const auto host = gate.host(head);
    if (!host) return std::unexpected(host.error());
    if (const auto revoked = store->revoke(units::to_string(host->id)); !revoked)
      return std::unexpected(revoked.error());
    revocations.on_host_revoked(host->number);
    units::log_info("host unenrolled by its agent", {{"host", host->name}, {"peer", head.peer}});
    return {};
  });
  api::add_host_routes(router, {fleet.directory(), *store, *history, clock});
  api::add_host_removal_route(router, fleet.directory(), removal);
  api::add_processes_route(router, fleet.directory(), processes, clock);
  api::add_history_route(router, {fleet.directory(), *history, clock});
  api::add_traffic_route(router, fleet.directory(), *history, clock, settings.billing_day);
  api::add_alert_routes(router, *store, fleet.directory());
  api::add_backup_routes(router, backups);
  api::add_status_routes(router, {[this] { return trouble(); }, [this] { return metrics.text(); }, metrics_token});
  router.set_fallback([this](api::Context& context) { context.respond(files.answer(context.request.head)); });
}

void Collector::Parts::add_upgrades() {
  router.add(api::UpgradeRoute{
      "/api/v1/agent/stream", api::Access::machine,
      [this](const domain::RequestHead& head, const auto& offered, const auto&) -> domain::UpgradeDecision {
        auto host = gate.host(head);
        if (!host) return domain::challenged(domain::problem(host.error()), "Bearer");
        if (std::ranges::find(offered, "vedette.agent.v1") == offered.end()) {
          return domain::problem(400, "Sec-WebSocket-Protocol must offer vedette.agent.v1.");
        }
        return domain::UpgradeAccepted{agents.accept(std::move(*host)), "vedette.agent.v1",
                                       settings.limits.agent_message};
      }});
}

void Collector::Parts::add_live_routes() {
  const auto login = [](const domain::Person& person) {
    return live::Login{person.sid, person.expires, person.id, person.role};
  };
  api::LivePorts ports;
  ports.socket = [this, login](const domain::Person& person) {
    return std::make_unique<live::SocketViewer>(hub, login(person));
  };
  ports.stream = [this, login](const domain::Person& person, api::LiveQuery query, const std::string& peer) {
    return std::make_shared<live::EventStream>(hub, login(person),
                                               live::Watch{std::move(query.topics), std::move(query.cursor)}, peer);
  };
  ports.poll = [this, login](const domain::Person& person, api::LiveQuery query, domain::Responder respond) {
    polls.poll(login(person), {std::move(query.topics), std::move(query.cursor)}, std::move(respond));
  };
  ports.topics = [](const std::vector<std::string_view>& lists) { return live::parse_topic_lists(lists); };
  api::add_live_routes(router, std::move(ports), settings.limits.live.message);
}

}  // namespace vedette::app
