#include "server/api/history_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "server/api/host_routes.h"
#include "server/api/parameters.h"

namespace vedette::api {

using domain::Aggregate;
using domain::HistoryQuery;
using domain::HostView;
using domain::RequestHead;
using units::ErrorCode;
using units::fail;
using units::Result;

namespace {

constexpr double kLongestStep = 366.0 * 86'400;
constexpr std::size_t kMostPoints = 100'000, kMostTop = 1'000;

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

Result<std::size_t> parse_count(std::string_view name, std::string_view text, std::size_t most) {
  std::size_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, status] = std::from_chars(text.data(), end, count);
  if (status != std::errc{} || stop != end || count == 0 || count > most) {
    return fail(ErrorCode::invalid, named(name, text) + " is out of range; it is 1 to " + std::to_string(most) + ".");
  }
  return count;
}

Result<units::Milliseconds> parse_step(std::string_view text) {
  const auto seconds = parse_seconds("step", text);
  if (!seconds) return std::unexpected(seconds.error());
  const bool tiny = *seconds > 0 && *seconds < 0.001;
  if (*seconds < 0 || *seconds > kLongestStep || tiny) {
    return fail(ErrorCode::invalid, named("step", text) + " is out of range; it is 0 or 0.001 to 31622400 seconds.");
  }
  return units::Milliseconds(std::llround(*seconds * 1000));
}

Result<units::Milliseconds> parse_step_or_points(const RequestHead& head, units::Instant from, units::Instant to) {
  const auto points = head.parameters("points");
  if (points.empty()) {
    const auto step = required(head, "step");
    if (!step) return fail(ErrorCode::invalid, "The parameter step is missing; or give points, how many there may be.");
    return parse_step(*step);
  }
  if (!head.parameters("step").empty()) {
    return fail(ErrorCode::invalid, "step and points are both given; points chooses the step.");
  }
  const auto count = parse_count("points", points.front(), kMostPoints);
  if (!count) return std::unexpected(count.error());
  return step_for(from, to, *count);
}

/// One of these words; `fallback` without the parameter.
template <class Value, std::size_t kSize>
Result<Value> parse_word(const RequestHead& head, std::string_view name,
                         const std::pair<std::string_view, Value> (&words)[kSize], Value fallback) {
  const auto given = head.parameters(name);
  if (given.empty()) return fallback;
  std::string all;
  for (const auto& [word, value] : words) {
    if (word == given.front()) return value;
    all += (all.empty() ? "" : ", ") + std::string(word);
  }
  return fail(ErrorCode::invalid, named(name, given.front()) + " isn't known; there are " + all + ".");
}

constexpr std::pair<std::string_view, bool> kShown[] = {{"rate", false}, {"total", true}};
constexpr std::pair<std::string_view, HistoryFormat> kFormats[] = {{"json", HistoryFormat::json},
                                                                   {"csv", HistoryFormat::csv}};
constexpr std::pair<std::string_view, std::optional<Over>> kOver[] = {
    {"avg", Over::average}, {"min", Over::minimum}, {"max", Over::maximum}, {"sum", Over::sum}};
constexpr std::pair<std::string_view, bool> kGroups[] = {{"tag", true}};
/// Empty if none is asked for.
Result<std::set<Aggregate>> parse_aggregates(const RequestHead& head) {
  std::set<Aggregate> aggregates;
  for (const std::string_view text : head.parameters("agg")) {
    const auto* const known = std::ranges::find(domain::kHistoryColumns, text, &domain::HistoryColumn::name);
    if (known == std::end(domain::kHistoryColumns)) {
      return fail(ErrorCode::invalid,
                  named("agg", text) + " isn't known; there are avg, min, max, last, count, increase and p95.");
    }
    aggregates.insert(known->aggregate);
  }
  return aggregates;
}

Result<HistoryQuery> parse_query(const RequestHead& head) {
  HistoryQuery query;
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
  const auto step = parse_step_or_points(head, *from, *to);
  if (!step) return std::unexpected(step.error());
  const auto totals = parse_word(head, "as", kShown, false);
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

bool has_all(const std::vector<std::string>& tags, const std::vector<std::string_view>& wanted) {
  return std::ranges::all_of(wanted, [&](std::string_view tag) { return std::ranges::find(tags, tag) != tags.end(); });
}

/// Those that are named, each once, or all that aren't revoked; of them those with all the tags.
Result<std::vector<HostView>> parse_hosts(const RequestHead& head, const domain::HostDirectory& directory) {
  const auto ids = head.parameters("host"), tags = head.parameters("tag");
  if (ids.empty() && tags.empty()) {
    return fail(
        ErrorCode::invalid,
        "The parameter host is missing; it may be given several times, be * for all hosts, or be left out where "
        "tag says which.");
  }
  std::vector<HostView> hosts;
  if (ids.empty() || ids.front() == "*") {
    hosts = directory.hosts();
    std::erase_if(hosts, [](const HostView& host) { return host.record.revoked; });
  } else {
    for (const std::string_view id : ids) {
      auto host = find_host(directory, id);
      if (!host) return std::unexpected(host.error());
      const bool twice = std::ranges::any_of(hosts, [&](const auto& h) { return h.record.id == host->record.id; });
      if (!twice) hosts.push_back(std::move(*host));
    }
  }
  std::erase_if(hosts, [&](const HostView& host) { return !has_all(host.record.tags, tags); });
  if (!hosts.empty()) return hosts;
  if (tags.empty()) return fail(ErrorCode::not_found, "There is no host yet.");
  std::string words = "There is no host with";
  for (const std::string_view tag : tags) words += " " + named("tag", tag);
  return fail(ErrorCode::not_found, words + ".");
}

}  // namespace

units::Milliseconds step_for(units::Instant from, units::Instant to, std::size_t points) {
  constexpr std::int64_t kSteps[] = {1,       2,         5,         10,        15,         20,        30,      60,
                                     120,     300,       600,       900,       1200,       1800,      3600,    7200,
                                     10'800,  14'400,    21'600,    28'800,    43'200,     86'400,    172'800, 432'000,
                                     864'000, 1'728'000, 2'592'000, 5'184'000, 15'552'000, 31'622'400};
  for (const std::int64_t seconds : kSteps) {
    const std::int64_t step = seconds * 1000;
    const std::int64_t steps = units::unix_ms(to) / step - units::unix_ms(from) / step + 1;
    if (steps <= static_cast<std::int64_t>(points)) return units::Milliseconds(step);
  }
  return units::Milliseconds(kSteps[std::size(kSteps) - 1] * 1000);
}

Result<HistoryRequest> parse_history_request(const RequestHead& head, const domain::HostDirectory& directory) {
  HistoryRequest request;
  auto query = parse_query(head);
  if (!query) return std::unexpected(query.error());
  request.query = std::move(*query);
  const auto format = parse_word(head, "format", kFormats, HistoryFormat::json);
  if (!format) return std::unexpected(format.error());
  request.format = *format;
  const auto over = parse_word<std::optional<Over>>(head, "over", kOver, std::nullopt);
  if (!over) return std::unexpected(over.error());
  request.over = *over;
  const auto by_tag = parse_word(head, "by", kGroups, false);
  if (!by_tag) return std::unexpected(by_tag.error());
  request.by_tag = *by_tag;
  if (const auto top = head.parameters("top"); !top.empty()) {
    const auto count = parse_count("top", top.front(), kMostTop);
    if (!count) return std::unexpected(count.error());
    request.top = *count;
  }
  if (request.over && request.query.step.count() == 0) {
    return fail(ErrorCode::invalid, "over needs a step above 0: samples of several hosts lie at times of their own.");
  }
  if (request.by_tag && !request.over) return fail(ErrorCode::invalid, "by=tag needs over, which says how.");
  if (request.over && request.top) {
    return fail(ErrorCode::invalid,
                "over and top are both given; over makes one line of all hosts, top finds the greatest.");
  }
  auto hosts = parse_hosts(head, directory);
  if (!hosts) return std::unexpected(hosts.error());
  request.hosts = std::move(*hosts);
  request.one_host =
      head.parameters("host").size() == 1 && head.parameter("host") != "*" && !request.over && !request.top;
  return request;
}

}  // namespace vedette::api
