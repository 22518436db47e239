#include "server/api/live_route.h"

#include <algorithm>
#include <utility>

#include "server/domain/live_bus.h"

namespace vedette::api {
namespace {

constexpr std::size_t kLongestMessage = 4'096;

}  // namespace

void add_live_route(Router& router, MakeViewer make) {
  const auto accept = [make = std::move(make)](const domain::RequestHead&, const std::vector<std::string>& offered,
                                               const std::optional<domain::Person>& person) -> domain::UpgradeDecision {
    if (std::ranges::find(offered, domain::kLiveSubprotocol) == offered.end()) {
      return domain::problem(400, "Sec-WebSocket-Protocol must offer " + std::string(domain::kLiveSubprotocol) + ".");
    }
    return domain::UpgradeAccepted{.handler = make(*person),
                                   .subprotocol = std::string(domain::kLiveSubprotocol),
                                   .max_message = kLongestMessage,
                                   .compress = true};
  };
  router.add(UpgradeRoute{"/api/v1/live", Access::viewer, accept});
}

}  // namespace vedette::api
