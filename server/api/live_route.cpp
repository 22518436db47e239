#include "server/api/live_route.h"

#include <algorithm>
#include <utility>

namespace vedette::api {
namespace {

constexpr std::string_view kSubprotocol = "vedette.live.v1";
constexpr std::size_t kLongestMessage = 4'096;

}  // namespace

void add_live_route(Router& router, MakeViewer make) {
  const auto accept = [make = std::move(make)](const domain::RequestHead&, const std::vector<std::string>& offered,
                                               const std::optional<domain::Person>& person) -> domain::UpgradeDecision {
    if (std::ranges::find(offered, kSubprotocol) == offered.end()) {
      return domain::problem(400, "Sec-WebSocket-Protocol must offer " + std::string(kSubprotocol) + ".");
    }
    return domain::UpgradeAccepted{make(*person), std::string(kSubprotocol), kLongestMessage};
  };
  router.add(UpgradeRoute{"/api/v1/live", Access::viewer, accept});
}

}  // namespace vedette::api
