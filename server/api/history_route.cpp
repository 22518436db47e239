#include "server/api/history_route.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "server/api/entity_tag.h"
#include "server/api/host_json.h"
#include "server/api/host_routes.h"
#include "server/api/parameters.h"

namespace vedette::api {
namespace {

using domain::RequestHead;
using domain::Response;
using units::ErrorCode;
using units::fail;
using units::Result;

constexpr double kLongestStep = 366.0 * 86'400;

Result<std::vector<metrics::Selector>> parse_series(const RequestHead& head) {
  if (const auto any = required(head, "series"); !any) return std::unexpected(any.error());
  std::vector<metrics::Selector> selectors;
  for (const std::string_view text : head.parameters("series")) {
    auto selector = metrics::parse_selector(text);
    if (!selector) return std::unexpected(selector.error());
    selectors.push_back(std::move(*selector));
  }
  return selectors;
}

Result<units::Instant> required_time(const RequestHead& head, std::string_view name) {
  const auto text = required(head, name);
  if (!text) return std::unexpected(text.error());
  return parse_time(name, *text);
}

Result<units::Milliseconds> parse_step(const RequestHead& head) {
  const auto text = required(head, "step");
  if (!text) return std::unexpected(text.error());
  const auto seconds = parse_seconds("step", *text);
  if (!seconds) return std::unexpected(seconds.error());
  const bool tiny = *seconds > 0 && *seconds < 0.001;
  if (*seconds < 0 || *seconds > kLongestStep || tiny) {
    return fail(ErrorCode::invalid, named("step", *text) + " is out of range; it is 0 or 0.001 to 31622400 seconds.");
  }
  return units::Milliseconds(std::llround(*seconds * 1000));
}

Result<bool> parse_totals(const RequestHead& head) {
  const auto given = head.parameters("as");
  if (given.empty() || given.front() == "rate") return false;
  if (given.front() == "total") return true;
  return fail(ErrorCode::invalid, named("as", given.front()) + " isn't known; there are rate and total.");
}

constexpr std::pair<std::string_view, domain::Aggregate> kAggregates[] = {
    {"avg", domain::Aggregate::average}, {"min", domain::Aggregate::minimum},
    {"max", domain::Aggregate::maximum}, {"last", domain::Aggregate::last},
    {"count", domain::Aggregate::count}, {"increase", domain::Aggregate::increase}};

/// Empty if none is asked for.
Result<std::set<domain::Aggregate>> parse_aggregates(const RequestHead& head) {
  std::set<domain::Aggregate> aggregates;
  for (const std::string_view text : head.parameters("agg")) {
    const auto* const known = std::ranges::find(kAggregates, text, [](const auto& one) { return one.first; });
    if (known == std::end(kAggregates)) {
      return fail(ErrorCode::invalid,
                  named("agg", text) + " isn't known; there are avg, min, max, last, count and increase.");
    }
    aggregates.insert(known->second);
  }
  return aggregates;
}

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

Response answer(const RequestHead& head, const domain::HostDirectory& directory, const domain::HistoryStore& history,
                units::Instant now) {
  const auto id = required(head, "host");
  if (!id) return domain::problem(id.error());
  auto query = parse_history_query(head);
  if (!query) return domain::problem(query.error());
  const auto host = find_host(directory, *id);
  if (!host) return domain::problem(host.error());
  query->host = host->record.number;
  const auto found = history.query(*query);
  if (!found) return domain::problem(found.error());
  Response response = domain::json(200, {});
  // Tens of megabytes: the connection sends from this one copy.
  response.shared_body = std::make_shared<const std::string>(history_json(*found, query->step.count() == 0));
  if (query->to < now) make_cacheable(head, response);
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

Result<domain::HistoryQuery> parse_history_query(const RequestHead& head) {
  domain::HistoryQuery query;
  auto series = parse_series(head);
  if (!series) return std::unexpected(series.error());
  query.series = std::move(*series);
  const auto from = required_time(head, "from");
  if (!from) return std::unexpected(from.error());
  const auto to = required_time(head, "to");
  if (!to) return std::unexpected(to.error());
  if (*to < *from) {
    return fail(ErrorCode::invalid, "to=" + units::unix_seconds(*to) + " is before from=" + units::unix_seconds(*from));
  }
  const auto step = parse_step(head);
  if (!step) return std::unexpected(step.error());
  const auto totals = parse_totals(head);
  if (!totals) return std::unexpected(totals.error());
  auto aggregates = parse_aggregates(head);
  if (!aggregates) return std::unexpected(aggregates.error());
  if (!aggregates->empty() && step->count() == 0) {
    return fail(ErrorCode::invalid, "agg needs a step above 0; step=0 answers samples as they are.");
  }
  if (!aggregates->empty()) query.aggregates = std::move(*aggregates);
  query.from = *from;
  query.to = *to;
  query.step = *step;
  query.totals = *totals;
  return query;
}

void add_history_route(Router& router, const domain::HostDirectory& directory, const domain::HistoryStore& history,
                       const domain::Clock& clock) {
  router.add(Route{"GET", "/api/v1/history", Access::viewer, 0, [&directory, &history, &clock](Context& context) {
                     context.respond(answer(context.request.head, directory, history, clock.now()));
                   }});
  router.add(Route{"GET", "/api/v1/history/budget", Access::viewer, 0,
                   [&history](Context& context) { context.respond(budget_answer(history)); }});
}

}  // namespace vedette::api
