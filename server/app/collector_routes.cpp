// Who answers which request: routes and upgrades, bound to the parts behind them.
#include <algorithm>

#include "server/api/alerts.h"
#include "server/api/enrol_route.h"
#include "server/api/history_route.h"
#include "server/api/host_routes.h"
#include "server/api/live_route.h"
#include "server/api/session_routes.h"
#include "server/api/status_routes.h"
#include "server/app/collector_parts.h"
#include "server/live/viewer.h"

namespace vedette::app {

void Collector::Parts::add_routes(const std::string& metrics_token) {
  api::add_session_routes(router, desk, gate, settings.limits.body);
  api::add_enrol_route(router, enrolment, settings.limits.body);
  api::add_host_routes(router, {fleet.directory(), *store, *history, clock});
  api::add_history_route(router, fleet.directory(), *history, clock);
  api::add_alert_routes(router, *store, fleet.directory());
  api::add_status_routes(router,
                         {[this] { return history->trouble(); }, [this] { return metrics.text(); }, metrics_token});
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
  api::add_live_route(
      router,
      [this](const domain::Person& person) { return std::make_unique<live::Viewer>(hub, person.sid, person.expires); },
      settings.limits.live.message);
}

}  // namespace vedette::app
