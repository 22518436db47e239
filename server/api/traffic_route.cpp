#include "server/api/traffic_route.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "server/api/host_routes.h"
#include "server/api/parameters.h"
#include "server/domain/json.h"

namespace vedette::api {
namespace {

using domain::CounterIncreases;
using domain::Response;
using units::ErrorCode;
using units::Instant;
using units::Result;

constexpr int kMostMonths = 24, kDefaultMonths = 12;

Result<int> parse_months(const domain::RequestHead& head) {
  const auto given = head.parameters("months");
  if (given.empty()) return kDefaultMonths;
  const std::string_view text = given.front();
  int months = 0;
  const auto [stop, status] = std::from_chars(text.data(), text.data() + text.size(), months);
  if (status != std::errc{} || stop != text.data() + text.size() || months < 1 || months > kMostMonths) {
    return units::fail(ErrorCode::invalid,
                       named("months", text) + " is not a whole number from 1 to " + std::to_string(kMostMonths) + ".");
  }
  return months;
}

// An interface's bytes in one month.
struct Bytes {
  Instant since{};
  std::uint64_t receive = 0, transmit = 0;
};
using Month = std::map<std::string_view, Bytes>;  // by interface

std::vector<Month> by_month(const std::vector<CounterIncreases>& counters, std::size_t count) {
  std::vector<Month> months(count);
  for (const auto& counter : counters) {
    const auto interface = counter.key.attribute("interface"), direction = counter.key.attribute("direction");
    if (!interface || (direction != "receive" && direction != "transmit")) continue;
    for (std::size_t n = 0; n < count; ++n) {
      const auto& stretch = counter.stretches[n];
      if (!stretch) continue;
      const auto [at, first] = months[n].try_emplace(*interface, Bytes{.since = stretch->since});
      at->second.since = std::min(at->second.since, stretch->since);
      (direction == "receive" ? at->second.receive : at->second.transmit) = stretch->amount;
    }
  }
  return months;
}

void append_month(std::string& out, const Month& month) {
  bool first = true;
  for (const auto& [name, bytes] : month) {
    out += first ? "{\"name\":" : ",{\"name\":";
    first = false;
    domain::append_json_string(out, name);
    out += ",\"since\":";
    domain::append_json_time(out, bytes.since);
    out += ",\"receive\":" + std::to_string(bytes.receive) + ",\"transmit\":" + std::to_string(bytes.transmit) + '}';
  }
}

std::string traffic_json(std::chrono::day first_day, const std::vector<Instant>& borders,
                         const std::vector<Month>& months, Instant now) {
  std::string out = "{\"first_day\":" + std::to_string(static_cast<unsigned>(first_day)) + ",\"months\":[";
  for (std::size_t n = 0; n < months.size(); ++n) {
    out += n == 0 ? "{\"from\":" : ",{\"from\":";
    domain::append_json_time(out, borders[n]);
    out += ",\"to\":";
    domain::append_json_time(out, borders[n + 1]);
    out += borders[n + 1] <= now ? ",\"complete\":true" : ",\"complete\":false";
    out += ",\"interfaces\":[";
    append_month(out, months[n]);
    out += "]}";
  }
  return out + "]}";
}

Response answer(const domain::Request& request, const domain::HostView& host, const domain::HistoryStore& history,
                Instant now, std::chrono::day first_day) {
  const auto count = parse_months(request.head);
  if (!count) return domain::problem(count.error());
  // Exactly these attributes: a series with more would be a part of what the one without counts.
  const metrics::Selector io{"system.network.io",
                             std::vector<metrics::Attribute>{{"direction", "*"}, {"interface", "*"}}};
  const domain::IncreaseQuery query{host.record.number, {io}, month_borders(first_day, *count, now), request.gone};
  const auto counters = history.increases(query);
  if (!counters) return domain::problem(counters.error());
  const auto months = by_month(*counters, query.borders.size() - 1);
  return domain::json(200, traffic_json(first_day, query.borders, months, now));
}

}  // namespace

std::vector<Instant> month_borders(std::chrono::day first_day, int count, Instant now) {
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const auto present = today.year() / today.month() - std::chrono::months(today.day() < first_day ? 1 : 0);
  std::vector<Instant> borders;
  for (int back = count - 1; back >= -1; --back) {
    borders.emplace_back(std::chrono::sys_days{(present - std::chrono::months(back)) / first_day});
  }
  return borders;
}

void add_traffic_route(Router& router, const domain::HostDirectory& directory, const domain::HistoryStore& history,
                       const domain::Clock& clock, std::chrono::day first_day) {
  router.add(Route{"GET", "/api/v1/hosts/{id}/traffic", Access::viewer, 0,
                   [&directory, &history, &clock, first_day](Context& context) {
                     const auto host = find_host(directory, context.params.at("id"));
                     context.respond(host ? answer(context.request, *host, history, clock.now(), first_day)
                                          : domain::problem(host.error()));
                   }});
}

}  // namespace vedette::api
