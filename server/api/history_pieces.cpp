#include "server/api/history_pieces.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace vedette::api {

using domain::HistoryAnswer;
using domain::HistoryColumns;
using domain::HistoryQuery;
using units::ErrorCode;
using units::Result;

namespace {

constexpr std::size_t kPiece = 256'000;  // bytes: hosts are put together up to here
constexpr std::chrono::hours kRankedByHours{12};

HistoryWriter::Shape shape_of(const HistoryRequest& request) {
  return {.format = request.format,
          .raw = request.query.step.count() == 0,
          .aggregates = request.query.aggregates,
          .host = !request.over && !request.one_host,
          .tag = request.by_tag,
          .hosts = request.over.has_value()};
}

/// Of all samples; absent if no step has an average.
std::optional<double> average(const HistoryColumns& columns) {
  double sum = 0, count = 0;
  for (std::size_t n = 0; n < columns.average.size(); ++n) {
    if (!std::isfinite(columns.average[n])) continue;
    sum += columns.average[n] * columns.count[n];
    count += columns.count[n];
  }
  if (count == 0) return std::nullopt;
  return sum / count;
}

}  // namespace

HistoryPieces::HistoryPieces(const domain::HistoryStore& history, const domain::Clock& clock, HistoryRequest request)
    : history_(history), clock_(clock), request_(std::move(request)), writer_(shape_of(request_)) {}

Result<std::optional<std::string>> HistoryPieces::next(const std::stop_token& gone) {
  if (done_) return std::optional<std::string>();
  gone_ = gone;
  std::string out;
  const auto added = request_.over ? add_over(out) : request_.top ? add_top(out) : add_hosts(out);
  if (!added) return std::unexpected(added.error());
  done_ = host_ == request_.hosts.size();
  if (done_) writer_.end(out, lacks_);
  return std::optional(std::move(out));
}

Result<HistoryAnswer> HistoryPieces::ask(HistoryQuery query, std::size_t host) {
  if (spent_ > kLongest) {
    return units::fail(ErrorCode::timeout, "reading the history of all these hosts took over " +
                                               std::to_string(kLongest.count()) +
                                               " s; ask for fewer hosts, a shorter range or a larger step");
  }
  query.host = request_.hosts[host].record.number;
  query.gone = gone_;
  const units::Steady began = clock_.steady();
  auto answer = history_.query(query);
  spent_ += clock_.steady() - began;
  return answer;
}

void HistoryPieces::begin(std::string& out, const HistoryAnswer& answer) {
  if (!std::exchange(begun_, true)) writer_.begin(out, answer.tier, request_.query.step);
}

void HistoryPieces::note(std::size_t host, const HistoryAnswer& answer) {
  for (const domain::Incomplete& one : answer.incomplete) {
    const bool of_all = request_.one_host || one.why == domain::Incomplete::Why::open;
    const auto whose = of_all ? std::nullopt : std::optional(request_.hosts[host].record.id);
    if (noted_.emplace(whose, one.why, one.from).second) lacks_.push_back({whose, one});
  }
}

Result<void> HistoryPieces::add_hosts(std::string& out) {
  while (host_ < request_.hosts.size() && out.size() < kPiece) {
    const std::size_t host = host_++;
    const auto answer = ask(request_.query, host);
    if (!answer) return std::unexpected(answer.error());
    begin(out, *answer);
    note(host, *answer);
    for (const HistoryColumns& columns : answer->series) {
      writer_.add(out, {.columns = &columns, .host = request_.one_host ? nullptr : &request_.hosts[host].record});
    }
  }
  return {};
}

Result<void> HistoryPieces::add_over(std::string& out) {
  const HistoryQuery& query = request_.query;
  OverHosts over(*request_.over, query.from, query.to, query.step);
  for (; host_ < request_.hosts.size(); ++host_) {
    const auto answer = ask(query, host_);
    if (!answer) return std::unexpected(answer.error());
    begin(out, *answer);
    note(host_, *answer);
    std::vector<std::string> groups = request_.hosts[host_].record.tags;
    if (!request_.by_tag || groups.empty()) groups.assign(1, "");
    for (const std::string& group : groups) {
      if (auto added = over.add(group, *answer); !added) return added;
    }
  }
  for (const auto& line : std::move(over).finish()) {
    HistoryLine shown{.columns = &line.columns, .hosts = &line.hosts};
    if (request_.by_tag) shown.tag = line.group;
    writer_.add(out, shown);
  }
  return {};
}

/// Averages are the same from any tier, and coarse rows are read soonest.
HistoryQuery HistoryPieces::ranking_query() const {
  HistoryQuery query = request_.query;
  query.aggregates = {domain::Aggregate::average, domain::Aggregate::count};
  const units::Milliseconds hour = std::chrono::hours(1), minute = std::chrono::minutes(1);
  const bool hours =
      query.to - query.from >= kRankedByHours && (query.step < hour || query.step % hour != units::Milliseconds{0});
  query.step = hours ? hour : std::max(query.step, minute);
  return query;
}

Result<std::vector<HistoryPieces::Ranked>> HistoryPieces::ranked() {
  const HistoryQuery query = ranking_query();
  std::vector<Ranked> greatest;
  const auto prune = [&] {
    const auto kept = std::min(greatest.size(), *request_.top);
    std::ranges::partial_sort(greatest, greatest.begin() + static_cast<std::ptrdiff_t>(kept), std::greater{},
                              &Ranked::average);
    greatest.erase(greatest.begin() + static_cast<std::ptrdiff_t>(kept), greatest.end());
  };
  for (; host_ < request_.hosts.size(); ++host_) {
    auto answer = ask(query, host_);
    if (!answer) return std::unexpected(answer.error());
    // What is damaged may have made it less. That the ranking has steps of its own is nobody's concern.
    std::erase_if(answer->incomplete, [](const auto& one) { return one.why != domain::Incomplete::Why::damaged; });
    note(host_, *answer);
    for (const HistoryColumns& columns : answer->series) {
      if (const auto all = average(columns)) greatest.push_back({*all, host_, columns.series.key});
    }
    if (greatest.size() > 10 * *request_.top) prune();
  }
  prune();
  return greatest;
}

/// Reads what is shown of each, all of a host's lines at once.
Result<void> HistoryPieces::fetch(std::vector<Ranked>& lines) {
  std::size_t points = 0;
  for (std::size_t host = 0; host < request_.hosts.size(); ++host) {
    if (points > kMostPoints) {
      return units::fail(ErrorCode::invalid, "the answer would hold more than " + std::to_string(kMostPoints) +
                                                 " points; ask for a smaller top, a shorter range or a larger step");
    }
    HistoryQuery query = request_.query;
    query.series.clear();
    for (const Ranked& line : lines) {
      if (line.host == host) query.series.push_back({line.series.name, line.series.attributes});
    }
    if (query.series.empty()) continue;
    auto answer = ask(query, host);
    if (!answer) return std::unexpected(answer.error());
    note(host, *answer);
    for (Ranked& line : lines) {
      if (line.host != host) continue;
      const auto found = std::ranges::find(answer->series, line.series, [](const auto& one) { return one.series.key; });
      if (found == answer->series.end()) continue;
      line.columns = std::move(*found);
      points += line.columns.t.size();
    }
  }
  return {};
}

Result<void> HistoryPieces::add_top(std::string& out) {
  // An answer of any host tells which tier it is from.
  HistoryQuery nothing = request_.query;
  nothing.series.clear();
  const auto shape = ask(nothing, 0);
  if (!shape) return std::unexpected(shape.error());
  begin(out, *shape);
  auto lines = ranked();
  if (!lines) return std::unexpected(lines.error());
  if (auto fetched = fetch(*lines); !fetched) return fetched;
  for (const Ranked& line : *lines) {
    writer_.add(out, {.columns = &line.columns, .host = &request_.hosts[line.host].record});
  }
  return {};
}

}  // namespace vedette::api
