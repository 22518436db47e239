#include "server/api/router.h"

#include <algorithm>
#include <exception>
#include <memory>

#include "schema/units/log.h"

namespace vedette::api {

using domain::problem;
using domain::RequestHead;
using domain::Response;

namespace {

constexpr std::size_t kUnknownRouteBody = 4096;  // so that a 404 is a 404 and not a 413

std::string_view next_segment(std::string_view& rest) {
  const std::size_t slash = rest.find('/', 1);
  const std::string_view segment = rest.substr(1, slash == std::string_view::npos ? slash : slash - 1);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash);
  return segment;
}

bool is_safe(std::string_view method) {
  return method == "GET" || method == "HEAD";
}

bool serves(const Route& route, std::string_view method) {
  return route.method == method || (method == "HEAD" && route.method == "GET");
}

bool is_api(std::string_view path) {
  return path == "/api" || path.starts_with("/api/");
}

bool may(Access access, domain::AccessRole role) {
  using enum domain::AccessRole;
  if (access == Access::administrator) return role == administrator;
  if (access == Access::operator_) return role == administrator || role == operator_;
  return true;
}

/// Another site's page can make the browser send a cookie, but neither this header nor a fitting Origin.
std::optional<Response> forged(domain::Gatekeeper& gatekeeper, const RequestHead& head) {
  if (head.header("x-requested-with") != "vedette") {
    return problem(403, "This request changes something and lacks the header \"X-Requested-With: vedette\".");
  }
  if (auto origin = gatekeeper.origin(head); !origin) return problem(403, origin.error().message);
  return std::nullopt;
}

}  // namespace

bool matches(std::string_view pattern, std::string_view path, std::map<std::string, std::string>& params) {
  std::map<std::string, std::string> found;
  while (!pattern.empty() && !path.empty()) {
    const std::string_view wanted = next_segment(pattern);
    const std::string_view segment = next_segment(path);
    if (wanted.starts_with('{') && wanted.ends_with('}')) {
      if (segment.empty()) return false;
      found.emplace(wanted.substr(1, wanted.size() - 2), segment);
    } else if (wanted != segment) {
      return false;
    }
  }
  if (!pattern.empty() || !path.empty()) return false;
  params = std::move(found);
  return true;
}

Router::Router(domain::Gatekeeper& gatekeeper, Submit submit) : gatekeeper_(gatekeeper), submit_(std::move(submit)) {}

void Router::add(Route route) {
  routes_.push_back(std::move(route));
}

void Router::add(UpgradeRoute route) {
  upgrades_.push_back(std::move(route));
}

const Route* Router::find(const RequestHead& head, std::map<std::string, std::string>& params) const {
  for (const Route& route : routes_) {
    if (serves(route, head.method) && matches(route.pattern, head.path, params)) return &route;
  }
  return nullptr;
}

std::size_t Router::body_limit(const RequestHead& head) {
  std::map<std::string, std::string> params;
  const Route* route = find(head, params);
  return route ? route->body_limit : kUnknownRouteBody;
}

void Router::handle(domain::Request request, domain::Responder respond) {
  // Shared, because std::function must be copyable and the answer is still needed when the queue refuses.
  auto context = std::make_shared<Context>();
  context->request = std::move(request);
  context->respond = std::move(respond);
  if (is_at_once(context->request.head)) return dispatch(std::move(*context));
  if (submit_([this, context] { dispatch(std::move(*context)); })) return;
  context->respond(problem(503, "The collector is busy; try again in a moment.", {{"Retry-After", "1"}}));
}

bool Router::is_at_once(const RequestHead& head) const {
  std::map<std::string, std::string> params;
  const Route* route = find(head, params);
  // Other access would read the store, which may wait for its disk.
  return route != nullptr && route->at_once && route->access == Access::open;
}

void Router::dispatch(Context context) {
  const RequestHead& head = context.request.head;
  const Route* route = find(head, context.params);
  if (!route) {
    if (fallback_ && is_safe(head.method) && !is_api(head.path)) return run(fallback_, context);
    return context.respond(no_route(head));
  }
  auto admitted = admit(route->access, head);
  if (!admitted) return context.respond(std::move(admitted.error()));
  context.person = std::move(*admitted);
  if (route->access != Access::machine && !is_safe(head.method)) {
    if (auto refusal = forged(gatekeeper_, head)) return context.respond(std::move(*refusal));
  }
  run(route->handler, context);
}

void Router::run(const Handler& handler, Context& context) const {
  const domain::Responder respond = context.respond;
  try {
    handler(context);
  } catch (const std::exception& fault) {
    units::log_error("request failed", {{"path", context.request.head.path}, {"error", fault.what()}});
    respond(problem(500, "The collector failed to answer; its log says why."));
  }
}

Response Router::no_route(const RequestHead& head) const {
  std::map<std::string, std::string> params;
  std::string allow;
  const auto append = [&allow](std::string_view method) {
    if (!allow.empty()) allow += ", ";
    allow += method;
  };
  for (const Route& route : routes_) {
    if (!matches(route.pattern, head.path, params)) continue;
    append(route.method);
    if (route.method == "GET") append("HEAD");
  }
  if (allow.empty() && fallback_ && !is_api(head.path)) allow = "GET, HEAD";
  if (!allow.empty()) {
    return problem(405, head.path + " doesn't take " + head.method + "; it takes " + allow + ".", {{"Allow", allow}});
  }
  const bool upgradable = std::ranges::any_of(
      upgrades_, [&](const UpgradeRoute& route) { return matches(route.pattern, head.path, params); });
  if (upgradable) return problem(426, head.path + " speaks WebSocket only.", {{"Upgrade", "websocket"}});
  return problem(404, "There is nothing at " + head.path + ".");
}

std::expected<std::optional<domain::Person>, Response> Router::admit(Access access, const RequestHead& head) {
  if (access == Access::open || access == Access::machine) return std::nullopt;
  auto person = gatekeeper_.person(head);
  if (!person) return std::unexpected(problem(person.error()));
  if (!may(access, person->role)) {
    return std::unexpected(
        problem(403, "Your role doesn't allow this; it needs " +
                         std::string(access == Access::administrator ? "administrator." : "operator.")));
  }
  return std::move(*person);
}

domain::UpgradeDecision Router::upgrade(const RequestHead& head, const std::vector<std::string>& offered) {
  std::map<std::string, std::string> params;
  const auto route =
      std::ranges::find_if(upgrades_, [&](const UpgradeRoute& r) { return matches(r.pattern, head.path, params); });
  if (route == upgrades_.end()) {
    return find(head, params) ? problem(400, head.path + " doesn't speak WebSocket.") : no_route(head);
  }
  auto admitted = admit(route->access, head);
  if (!admitted) return std::move(admitted.error());
  if (*admitted) {
    if (auto origin = gatekeeper_.origin(head); !origin) return problem(403, origin.error().message);
  }
  return route->accept(head, offered, *admitted);
}

}  // namespace vedette::api
