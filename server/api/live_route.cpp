#include "server/api/live_route.h"

#include <algorithm>
#include <utility>

#include "server/domain/live_bus.h"

namespace vedette::api {

void add_live_route(Router& router, MakeViewer make, std::size_t message) {
  const auto accept = [make = std::move(make), message](
                          const domain::RequestHead&, const std::vector<std::string>& offered,
                          const std::optional<domain::Person>& person) -> domain::UpgradeDecision {
    if (std::ranges::find(offered, domain::kLiveSubprotocol) == offered.end()) {
      return domain::problem(400, "Sec-WebSocket-Protocol must offer " + std::string(domain::kLiveSubprotocol) + ".");
    }
    return domain::UpgradeAccepted{make(*person), std::string(domain::kLiveSubprotocol), message};
  };
  router.add(UpgradeRoute{"/api/v1/live", Access::viewer, accept});
}

}  // namespace vedette::api
