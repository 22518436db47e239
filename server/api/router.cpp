#include "server/api/router.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <thread>

#include "schema/units/log.h"
#include "server/api/coding.h"

namespace vedette::api {

using domain::problem;
using domain::RequestHead;
using domain::Response;

namespace {

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

/// Adds what every answer of the API has. It is compressed only on the thread that calls this, a worker: one that comes
/// later, from a loop or the control thread, goes as it is.
domain::Responder finishing(const RequestHead& head, domain::Responder respond) {
  const std::string accepted = is_safe(head.method) ? std::string(head.header("accept-encoding")) : std::string();
  return [accepted, worker = std::this_thread::get_id(), next = std::move(respond)](Response answer) {
    if (std::this_thread::get_id() == worker) answer = compressed(std::move(answer), accepted);
    const auto is_cache_control = [](const domain::Header& header) { return header.first == "Cache-Control"; };
    if (std::ranges::none_of(answer.headers, is_cache_control))
      answer.headers.emplace_back("Cache-Control", "no-store");
    next(std::move(answer));
  };
}

domain::Responder proving(domain::Responder respond) {
  return [next = std::move(respond)](Response answer) {
    answer.proven = true;
    next(std::move(answer));
  };
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
  if (route == nullptr) return kUnprovenBody;
  if (route->body_limit <= kUnprovenBody || admit(route->access, head)) return route->body_limit;
  return kUnprovenBody;  // then answered 401 or 403; a larger one isn't even read
}

void Router::handle(domain::Request request, domain::Responder respond) {
  if (request.head.method == "OPTIONS") return respond(options(request.head));
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
  if (is_api(head.path)) context.respond = finishing(head, std::move(context.respond));
  const Route* route = find(head, context.params);
  if (!route) {
    if (fallback_ && is_safe(head.method) && !is_api(head.path)) return run(fallback_, context);
    return context.respond(no_route(head));
  }
  auto admitted = admit(route->access, head);
  if (!admitted) return context.respond(std::move(admitted.error()));
  context.person = std::move(*admitted);
  if (context.person) context.respond = proving(std::move(context.respond));
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

std::string Router::allowed(const std::string& path) const {
  std::map<std::string, std::string> params;
  std::string allow;
  for (const Route& route : routes_) {
    if (!matches(route.pattern, path, params)) continue;
    allow += route.method + (route.method == "GET" ? ", HEAD, " : ", ");
  }
  if (allow.empty() && is_upgrade(path)) allow = "GET, ";
  if (allow.empty() && fallback_ && !is_api(path)) allow = "GET, HEAD, ";
  return allow.empty() ? allow : allow + "OPTIONS";
}

Response Router::options(const RequestHead& head) const {
  const std::string allow = head.path == "*" ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : allowed(head.path);
  if (allow.empty()) return no_route(head);
  Response answer;
  answer.status = 204;
  answer.headers.emplace_back("Allow", allow);
  return answer;
}

bool Router::is_upgrade(const std::string& path) const {
  std::map<std::string, std::string> params;
  return std::ranges::any_of(upgrades_, [&](const UpgradeRoute& r) { return matches(r.pattern, path, params); });
}

Response Router::no_route(const RequestHead& head) const {
  if (is_upgrade(head.path) && head.method == "GET") {
    return problem(426,
                   head.path + " speaks WebSocket only: the request has to ask for it with \"Upgrade: websocket\".",
                   {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}});
  }
  const std::string allow = allowed(head.path);
  if (allow.empty()) return problem(404, "There is nothing at " + head.path + ".");
  return problem(405, head.path + " doesn't take " + head.method + "; it takes " + allow + ".", {{"Allow", allow}});
}

std::expected<std::optional<domain::Person>, Response> Router::admit(Access access, const RequestHead& head) {
  if (access == Access::open || access == Access::machine) return std::nullopt;
  auto person = gatekeeper_.person(head);
  if (!person) return std::unexpected(challenged(problem(person.error()), "Cookie"));
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
