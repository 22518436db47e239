#include "server/api/live_route.h"

#include <algorithm>
#include <utility>

#include "server/domain/live_bus.h"

namespace vedette::api {

namespace {

constexpr std::size_t kLongestCursor = 128;

units::Result<LiveQuery> read_query(const LivePorts& ports, const domain::RequestHead& head) {
  auto topics = ports.topics(head.parameters("topics"));
  if (!topics) return std::unexpected(std::move(topics.error()));
  LiveQuery query{std::move(*topics), std::nullopt};
  // A browser repeats the address it was given, and tells in the header how far it has come since.
  std::string_view cursor = head.header("last-event-id");
  if (cursor.empty()) cursor = head.parameter("cursor");
  if (!cursor.empty() && cursor.size() <= kLongestCursor) query.cursor = cursor;  // a strange one gets a snapshot
  return query;
}

void stream(const LivePorts& ports, Context& context) {
  auto query = read_query(ports, context.request.head);
  if (!query) return context.respond(domain::problem(query.error()));
  domain::Response response;
  response.headers = {{"Content-Type", "text/event-stream"},
                      {"Cache-Control", "no-store"},
                      {"X-Accel-Buffering", "no"}};  // nginx holds an answer back until it is large, otherwise
  response.stream = ports.stream(*context.person, std::move(*query), context.request.head.peer);
  context.respond(std::move(response));
}

void poll(const LivePorts& ports, Context& context) {
  auto query = read_query(ports, context.request.head);
  if (!query) return context.respond(domain::problem(query.error()));
  ports.poll(*context.person, std::move(*query), std::move(context.respond));
}

}  // namespace

void add_live_routes(Router& router, LivePorts ports, std::size_t message) {
  const auto accept = [make = std::move(ports.socket), message](
                          const domain::RequestHead&, const std::vector<std::string>& offered,
                          const std::optional<domain::Person>& person) -> domain::UpgradeDecision {
    if (std::ranges::find(offered, domain::kLiveSubprotocol) == offered.end()) {
      return domain::problem(400, "Sec-WebSocket-Protocol must offer " + std::string(domain::kLiveSubprotocol) + ".");
    }
    return domain::UpgradeAccepted{.handler = make(*person),
                                   .subprotocol = std::string(domain::kLiveSubprotocol),
                                   .max_message = message,
                                   .compress = true};
  };
  router.add(UpgradeRoute{"/api/v1/live", Access::viewer, accept});
  router.add({.method = "GET",
              .pattern = "/api/v1/live/events",
              .access = Access::viewer,
              .handler = [ports](Context& context) { stream(ports, context); }});
  router.add(
      {.method = "GET", .pattern = "/api/v1/live/poll", .access = Access::viewer, .handler = [ports](Context& context) {
         poll(ports, context);
       }});
}

}  // namespace vedette::api
