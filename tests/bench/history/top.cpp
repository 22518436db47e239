#include <algorithm>

#include "server/api/history_pieces.h"
#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {
namespace {

using domain::HostNumber;

constexpr std::int64_t kDaySeconds = 86'400, kMinute = 60;
constexpr std::size_t kTop = 10;

// CPU time in user mode of each host, by the minute; the ten that used most of it.
api::HistoryRequest request_for(std::size_t hosts) {
  api::HistoryRequest request;
  for (std::uint32_t n = 1; n <= hosts; ++n) {
    domain::HostView host;
    host.record.number = HostNumber{n};
    const std::string number = std::to_string(n);
    host.record.id = units::parse_host_id(std::string(32 - number.size(), '0') + number).value();
    host.record.name = "host-" + number;
    request.hosts.push_back(std::move(host));
  }
  const auto series = fleet_series().front();
  request.query.series.push_back({series.key.name, series.key.attributes});
  request.query.from = units::from_unix_ms(kDay);
  request.query.to = units::from_unix_ms(kDay + kDaySeconds * 1000 - 1);
  request.query.step = units::Milliseconds{kMinute * 1000};
  request.top = kTop;
  return request;
}

std::size_t lines_in(std::string_view answer) {
  constexpr std::string_view kEach = "\"host_name\":";
  std::size_t lines = 0;
  for (auto at = answer.find(kEach); at != answer.npos; at = answer.find(kEach, at + 1)) ++lines;
  return lines;
}

void ask(const history::Store& store, const domain::Clock& clock, std::size_t hosts) {
  api::HistoryPieces pieces(store, clock, request_for(hosts));
  std::string answer;
  for (;;) {
    auto piece = pieces.next({});
    if (!piece) give_up(piece.error().message);
    if (!*piece) break;
    answer += **piece;
  }
  if (lines_in(answer) != std::min(kTop, hosts)) give_up("the greatest of all hosts aren't all in the answer");
}

}  // namespace

// A tick a minute: the rows of minutes, which are what is read, are as many as of a tick a second.
void measure_top(const Recording& recording, std::size_t hosts, const std::string& suffix,
                 const std::filesystem::path& directory) {
  constexpr int kRounds = 5;
  SimulatedClock clock(kDay);
  auto fleet = hosts_of(recording, hosts);
  const auto store = opened(options_in(directory), clock);
  announce(*store, hosts);
  (void)feed(*store, clock, fleet, {.length = kDaySeconds, .apart = kMinute, .ticks = 60});
  clock.set(kDay + kDaySeconds * 1000 + kLater);
  finish(*store);
  ask(*store, clock, hosts);
  const double cpu = thread_cpu(), began = wall();
  for (int round = 0; round < kRounds; ++round) ask(*store, clock, hosts);
  report("query_24h_top10_cpu_ms" + suffix, (thread_cpu() - cpu) / kRounds * 1000, "ms");
  report("query_24h_top10_wall_ms" + suffix, (wall() - began) / kRounds * 1000, "ms");
}

}  // namespace vedette::bench
