#include "server/api/session_routes.h"

#include <nlohmann/json.hpp>

namespace vedette::api {

using domain::LoginAnswer;
using domain::LoginRefusal;
using domain::Person;
using domain::problem;
using domain::Response;
using nlohmann::json;

namespace {

std::string cookie_line(const domain::LoginCookie& cookie, bool secure, const std::string& secret,
                        std::chrono::seconds life) {
  return std::string(cookie.name(secure)) + "=" + secret + "; Path=" + cookie.path +
         "; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(life.count()) + (secure ? "; Secure" : "");
}

Response shown(const Person& person) {
  Response response = domain::json(200, json{{"user", person.name}, {"role", domain::name(person.role)}}.dump());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response refused(const LoginRefusal& refusal, const std::string& setup) {
  std::vector<domain::Header> headers;
  if (refusal.retry_after.count() > 0) headers.emplace_back("Retry-After", std::to_string(refusal.retry_after.count()));
  switch (refusal.why) {
    case LoginRefusal::Why::paused:
      return problem(429, refusal.words, std::move(headers));
    case LoginRefusal::Why::busy:
    case LoginRefusal::Why::unavailable:
      return problem(503, refusal.words, std::move(headers));
    case LoginRefusal::Why::failed:
      return problem(500, refusal.words);
    case LoginRefusal::Why::wrong:
      break;
  }
  return no_login(refusal.words, setup);
}

void sign_in(domain::Logins& logins, const domain::LoginCookie& cookie, Context& context) {
  const json body = json::parse(context.request.body, nullptr, false);
  if (!body.is_object() || !body.contains("user") || !body["user"].is_string() || !body.contains("password") ||
      !body["password"].is_string()) {
    return context.respond(problem(400, "The body must be JSON like {\"user\": \"…\", \"password\": \"…\"}."));
  }
  const bool secure = context.request.head.secure;
  const auto answer = [&logins, cookie, secure, respond = context.respond](LoginAnswer login) {
    if (!login) return respond(refused(login.error(), logins.setup_command()));
    Response response = shown(login->person);
    response.proven = true;
    response.headers.emplace_back("Set-Cookie", cookie_line(cookie, secure, login->secret, login->lifetime));
    respond(std::move(response));
  };
  logins.log_in(body["user"], body["password"], context.request.head.peer, answer);
}

void sign_out(domain::Logins& logins, const domain::LoginCookie& cookie, Context& context) {
  if (auto done = logins.log_out(*context.person); !done) return context.respond(problem(done.error()));
  Response response;
  response.status = 204;
  response.headers.emplace_back("Set-Cookie",
                                cookie_line(cookie, context.request.head.secure, "", std::chrono::seconds(0)));
  context.respond(std::move(response));
}

}  // namespace

Response no_login(const std::string& detail, const std::string& setup) {
  Response response = domain::challenged(problem(401, detail), "Cookie");
  response.headers.emplace_back("Cache-Control", "no-store");
  if (setup.empty()) return response;
  json body = json::parse(response.body);
  body["setup"] = setup;
  response.body = body.dump();
  return response;
}

void add_session_routes(Router& router, domain::Logins& logins, domain::Gatekeeper& gatekeeper, std::size_t body,
                        const domain::LoginCookie& cookie) {
  router.add(Route{"POST", "/api/v1/session", Access::open, body,
                   [&logins, cookie](Context& context) { sign_in(logins, cookie, context); }});
  // Open, so that the answer without a login can say how to make the first user.
  router.add(Route{"GET", "/api/v1/session", Access::open, 0, [&logins, &gatekeeper](Context& context) {
                     const auto person = gatekeeper.person(context.request.head);
                     if (person) return context.respond(shown(*person));
                     if (person.error().code != units::ErrorCode::unauthorized) {
                       return context.respond(problem(person.error()));
                     }
                     context.respond(no_login(person.error().message, logins.setup_command()));
                   }});
  router.add(Route{"DELETE", "/api/v1/session", Access::viewer, 0,
                   [&logins, cookie](Context& context) { sign_out(logins, cookie, context); }});
}

}  // namespace vedette::api
