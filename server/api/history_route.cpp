#include "server/api/history_route.h"

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <semaphore>

#include "server/api/coding.h"
#include "server/api/entity_tag.h"
#include "server/api/history_pieces.h"

namespace vedette::api {
namespace {

using domain::RequestHead;
using domain::Response;

/// A range that is over hardly changes any more, though a late backfill may still fill it: its answer may be kept, and
/// is asked for again by its tag. The tag is weak: it stands for all codings of the answer.
void make_cacheable(const RequestHead& head, Response& response) {
  const std::string tag = "W/\"" + tag_of(*response.shared_body) + "\"";
  response.headers.emplace_back("ETag", tag);
  response.headers.emplace_back("Cache-Control", "private, no-cache");
  response.headers.emplace_back("Vary", "Accept-Encoding, Cookie");
  if (!names_tag(head.header("if-none-match"), tag)) return;
  response.status = 304;
  std::erase_if(response.headers, [](const domain::Header& header) { return header.first == "Content-Type"; });
  response.shared_body.reset();
}

/// A host's answer is one piece: it has a tag by which it may be kept.
Response whole_answer(HistoryPieces& pieces, const domain::Request& request) {
  auto body = pieces.next(request.gone);
  if (!body) return domain::problem(body.error());
  Response response;
  // Tens of megabytes: the connection sends from this one copy.
  response.shared_body = std::make_shared<const std::string>(std::move(body->value()));
  return response;
}

std::vector<domain::Header> headers_of(HistoryFormat format) {
  if (format == HistoryFormat::json) return {{"Content-Type", "application/json"}};
  return {{"Content-Type", kCsvType}, {"Content-Disposition", "attachment; filename=\"history.csv\""}};
}

/// Questions that need all hosts read before anything can be said hold a worker for long: there are always some left.
using Places = std::counting_semaphore<2>;

Response answer(const domain::Request& request, const HistorySources& sources, const Router::Submit& submit,
                Places& places) {
  auto asked = parse_history_request(request.head, sources.directory);
  if (!asked) return domain::problem(asked.error());
  const bool is_long = asked->over || asked->top, is_over = asked->query.to < sources.clock.now();
  if (is_long && !places.try_acquire()) {
    return domain::problem(503, "Two questions over all hosts are being answered already; ask again in a moment.",
                           {{"Retry-After", "1"}});
  }
  const auto give_back = [](Places* taken) { taken->release(); };
  const std::unique_ptr<Places, decltype(give_back)> place(is_long ? &places : nullptr);
  const bool one_host = asked->one_host;
  auto headers = headers_of(asked->format);
  auto pieces = std::make_unique<HistoryPieces>(sources.history, sources.clock, std::move(*asked));
  if (!one_host) return streamed(std::move(pieces), request, submit, std::move(headers));
  Response response = whole_answer(*pieces, request);
  if (response.status != 200) return response;
  response.headers = std::move(headers);
  if (is_over) make_cacheable(request.head, response);
  return response;
}

double seconds(units::Milliseconds span) noexcept {
  return static_cast<double>(span.count()) / 1000;
}

Response budget_answer(const domain::HistoryStore& history) {
  const domain::HistoryBudget budget = history.budget();
  nlohmann::ordered_json tiers = nlohmann::ordered_json::array();
  for (const auto& tier : budget.tiers) {
    nlohmann::ordered_json one{{"tier", tier.name}, {"bytes", tier.bytes}, {"oldest", nullptr}};
    if (tier.oldest) one["oldest"] = static_cast<double>(units::unix_ms(*tier.oldest)) / 1000;
    one["bytes_per_day"] = std::llround(tier.bytes_per_day);
    one["keep"] = seconds(tier.keep);
    one["holds"] = seconds(tier.holds);
    tiers.push_back(std::move(one));
  }
  nlohmann::ordered_json answer{{"budget", nullptr}, {"used", budget.used}, {"tiers", std::move(tiers)}};
  if (budget.bytes) answer["budget"] = *budget.bytes;
  Response response = domain::json(200, answer.dump());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

}  // namespace

void add_history_route(Router& router, HistorySources sources) {
  const auto places = std::make_shared<Places>(Places::max());
  router.add(Route{"GET", "/api/v1/history", Access::viewer, 0, [&router, sources, places](Context& context) {
                     context.respond(answer(context.request, sources, router.submit(), *places));
                   }});
  router.add(Route{"GET", "/api/v1/history/budget", Access::viewer, 0,
                   [sources](Context& context) { context.respond(budget_answer(sources.history)); }});
}

}  // namespace vedette::api
