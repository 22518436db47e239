#include "server/api/status_routes.h"

#include <openssl/crypto.h>

#include <nlohmann/json.hpp>

namespace vedette::api {
namespace {

bool knows_token(const domain::RequestHead& head, const std::string& token) {
  const std::string wanted = "Bearer " + token;
  const std::string_view given = head.header("authorization");
  return !token.empty() && given.size() == wanted.size() &&
         CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) == 0;
}

domain::Response health(const std::string& trouble) {
  auto answer = trouble.empty() ? domain::json(200, R"({"status":"ok"})")
                                : domain::json(503, nlohmann::json{{"status", "trouble"}, {"trouble", trouble}}.dump());
  answer.headers.emplace_back("Cache-Control", "no-store");
  return answer;
}

}  // namespace

void add_status_routes(Router& router, StatusSources sources) {
  router.add(Route{"GET", "/healthz", Access::open, 0,
                   [trouble = std::move(sources.trouble)](Context& context) { context.respond(health(trouble())); },
                   true});
  router.add(Route{
      "GET", "/metrics", Access::open, 0,
      [metrics = std::move(sources.metrics), token = std::move(sources.metrics_token)](Context& context) {
        const auto& head = context.request.head;
        if (!head.loopback && !knows_token(head, token)) {
          return context.respond(domain::challenged(
              domain::problem(401, "Metrics are for this machine, or for who knows telemetry.token_file's token."),
              "Bearer"));
        }
        domain::Response answer;
        answer.headers = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}, {"Cache-Control", "no-store"}};
        answer.body = metrics();
        context.respond(std::move(answer));
      }});
}

}  // namespace vedette::api
