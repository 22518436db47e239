// CPU and time of questions about one host.
#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {
namespace {

using domain::HostNumber;

constexpr int kRounds = 20;
constexpr std::int64_t kMinute = 60, kHour = 3'600, kDaySeconds = 86'400, kYear = 365 * kDaySeconds;

/// The last `seconds` before `end` (Unix ms), at least `points` of each series.
struct Question {
  const char* name;
  std::int64_t end, seconds, step;
  std::size_t points;
};

domain::HistoryQuery query_of(const Question& question) {
  domain::HistoryQuery query{HostNumber{1},
                             {},
                             units::from_unix_ms(question.end - question.seconds * 1000),
                             units::from_unix_ms(question.end - 1),
                             units::Milliseconds{question.step * 1000},
                             false};
  const auto all = fleet_series();
  // Two counters of CPU time, a level of memory, bytes of the network; peers.py asks for the same.
  for (const std::size_t n : {0, 3, 25, 36}) query.series.push_back({all[n].key.name, all[n].key.attributes});
  return query;
}

void ask(const history::Store& store, const Question& question, const domain::HistoryQuery& query) {
  const auto answer = store.query(query);
  if (!answer) give_up(question.name + (": " + answer.error().message));
  if (answer->series.size() != 4) give_up(std::string(question.name) + ": the answer lacks series");
  for (const auto& columns : answer->series) {
    if (columns.t.size() < question.points) give_up(std::string(question.name) + ": the answer has holes");
  }
}

// After two rounds that warm up.
void measure(const history::Store& store, const Question& question) {
  const auto query = query_of(question);
  for (int round = 0; round < 2; ++round) ask(store, question, query);
  const double cpu = thread_cpu(), began = wall();
  for (int round = 0; round < kRounds; ++round) ask(store, question, query);
  report(std::string(question.name) + "_cpu_ms", (thread_cpu() - cpu) / kRounds * 1000, "ms");
  report(std::string(question.name) + "_wall_ms", (wall() - began) / kRounds * 1000, "ms");
}

}  // namespace

void measure_queries_of_a_day(const std::filesystem::path& directory, const Size& size) {
  const std::int64_t end = kDay + size.seconds * 1000;
  SimulatedClock clock(end + kLater);
  const auto store = opened(options_in(directory), clock);
  if (size.seconds > 900) measure(*store, {"query_15min_x4", end, 900, 0, 900});
  if (size.seconds == kDaySeconds) measure(*store, {"query_24h_x4", end, kDaySeconds, kMinute, 1'440});
}

void measure_queries_of_a_year(const Recording& recording, const std::filesystem::path& directory) {
  SimulatedClock clock(kDay - kYear * 1000);
  auto hosts = hosts_of(recording, 1);
  const auto store = opened(options_in(directory), clock);
  announce(*store, 1);
  for (std::int64_t day = kYear / kDaySeconds; day > 0; --day) {
    (void)feed(*store, clock, hosts,
               {.start = kDay - day * kDaySeconds * 1000,
                .length = kDaySeconds,
                .apart = kMinute,
                .ticks = 1'440,
                .stream = static_cast<std::uint64_t>(day)});
    finish(*store);  // a year passes in seconds: what is behind would go for its age
  }
  clock.set(kDay + kLater);
  finish(*store);
  measure(*store, {"query_30d_x4", kDay, 30 * kDaySeconds, kHour, 30 * 24});
  measure(*store, {"query_1y_x4", kDay, kYear, kDaySeconds, 365});
}

}  // namespace vedette::bench
