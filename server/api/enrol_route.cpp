#include "server/api/enrol_route.h"

#include <nlohmann/json.hpp>

namespace vedette::api {

using nlohmann::json;

namespace {

constexpr std::size_t kLongestToken = 256;

domain::Response refused(const domain::EnrolRefusal& refusal) {
  if (refusal.retry_after.count() == 0) return domain::problem(refusal.error);
  return domain::problem(429, refusal.error.message, {{"Retry-After", std::to_string(refusal.retry_after.count())}});
}

void enrol(domain::Enrolment& enrolment, Context& context) {
  const json body = json::parse(context.request.body, nullptr, false);
  if (!body.is_object() || !body.contains("token") || !body["token"].is_string() || !body.contains("hostname") ||
      !body["hostname"].is_string() || body["token"].get_ref<const std::string&>().size() > kLongestToken) {
    return context.respond(
        domain::problem(400, "The body must be JSON like {\"token\": \"…\", \"hostname\": \"web\"}."));
  }
  const auto enrolled = enrolment.enrol(body["token"], body["hostname"], context.request.head.peer);
  if (!enrolled) return context.respond(refused(enrolled.error()));
  auto answer = domain::json(200, json{{"host_id", units::to_string(enrolled->host)}, {"key", enrolled->key}}.dump());
  answer.headers.emplace_back("Cache-Control", "no-store");
  context.respond(std::move(answer));
}

}  // namespace

void add_enrol_route(Router& router, domain::Enrolment& enrolment, std::size_t body) {
  router.add(Route{"POST", "/api/v1/agent/enroll", Access::machine, body,
                   [&enrolment](Context& context) { enrol(enrolment, context); }});
}

void add_unenrol_route(Router& router, std::function<units::Result<void>(const domain::RequestHead&)> unenrol) {
  router.add(Route{"DELETE", "/api/v1/agent/enroll", Access::machine, 0, [unenrol](Context& context) {
                     const auto done = unenrol(context.request.head);
                     if (!done) return context.respond(domain::challenged(domain::problem(done.error()), "Bearer"));
                     domain::Response gone;
                     gone.status = 204;
                     context.respond(std::move(gone));
                   }});
}

}  // namespace vedette::api
