// What history costs: CPU from submit to minutes and hours built, bytes on disk, CPU of queries. One JSON object a
// figure.
//
// Time is simulated and runs as fast as the store commits: one commit a second of 100 hosts, sealed as slots end. The
// figure is the CPU of the whole process, both of the store's threads included, less what making the ticks took. Bytes
// of each tier are those of a sample that came in. The year that is asked about has a tick a minute.
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "server/history/store.h"
#include "tests/bench/history/fleet.h"
#include "tests/temporary_directory.h"

namespace vedette::bench {
namespace {

using domain::HostNumber;

constexpr std::int64_t kStart = 1'795'392'000'000;                     // 2026-11-23 08:00 UTC
constexpr std::int64_t kDayStart = 1'795'305'600'000 - 8 * 3'600'000;  // 2026-11-22 00:00 UTC

class SimulatedClock final : public domain::Clock {
 public:
  explicit SimulatedClock(std::int64_t ms) : ms_(ms) {}
  void set(std::int64_t ms) { ms_ = ms; }
  [[nodiscard]] units::Instant now() const override { return units::from_unix_ms(ms_); }
  [[nodiscard]] units::Steady steady() const override { return units::Steady(units::Milliseconds(ms_.load())); }

 private:
  std::atomic<std::int64_t> ms_;
};

void report(const char* name, double value, const char* unit) {
  std::printf("{\"bench\":\"history\",\"name\":\"%s\",\"value\":%.4g,\"unit\":\"%s\"}\n", name, value, unit);
  std::fflush(stdout);
}

[[noreturn]] void give_up(const std::string& words) {
  std::fprintf(stderr, "bench history: %s\n", words.c_str());
  std::exit(1);
}

double seconds(const timespec& time) {
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

double cpu_of(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return seconds(time);
}

std::unique_ptr<history::Store> opened(const std::filesystem::path& directory, const domain::Clock& clock) {
  history::Options options;
  options.directory = directory;
  options.commit_every = std::chrono::hours(1);  // flush() says when
  auto store = history::Store::open(std::move(options), clock);
  if (!store) give_up(store.error().message);
  (*store)->start();
  return std::move(*store);
}

void announce(history::Store& store, HostNumber host) {
  if (auto numbers = store.assign(host, fleet_series()); !numbers) give_up(numbers.error().message);
}

// When ticks come: the first second, how many seconds, how far apart, how many in a batch.
struct Times {
  std::int64_t start = 0, length = 0, apart = 1, ticks = 1;
};

// Each host's next ticks from `second` on, as one batch.
std::vector<domain::SharedBatch> made(std::vector<Host>& hosts, const Times& times, std::int64_t second) {
  std::vector<domain::SharedBatch> batches;
  for (std::size_t n = 0; n < hosts.size(); ++n) {
    auto batch = std::make_shared<domain::Batch>();
    batch->host = HostNumber(static_cast<std::uint32_t>(n + 1));
    batch->stream = 1;
    batch->first = static_cast<std::uint64_t>(second / times.apart + 1);
    for (std::int64_t t = 0; t < times.ticks; ++t) {
      batch->ticks.push_back(hosts[n].tick(times.start + (second + t * times.apart) * 1000));
    }
    batches.push_back(std::move(batch));
  }
  return batches;
}

// One commit a batch, and in the end all sealed and built. Returns the CPU that making the ticks took.
double feed(history::Store& store, SimulatedClock& clock, std::vector<Host>& hosts, const Times& times) {
  double making = 0;
  const std::int64_t step = times.ticks * times.apart;
  for (std::int64_t second = 0; second < times.length; second += step) {
    clock.set(times.start + (second + step) * 1000);
    const double before = cpu_of(CLOCK_THREAD_CPUTIME_ID);
    const auto batches = made(hosts, times, second);
    making += cpu_of(CLOCK_THREAD_CPUTIME_ID) - before;
    for (const auto& batch : batches) {
      if (!store.submit(batch)) give_up("a batch was refused");
    }
    if (!store.flush()) give_up(store.trouble());
  }
  if (!store.seal_all() || !store.build_all()) give_up(store.trouble());
  return making;
}

double bytes_of(const std::filesystem::path& directory, const char* tier) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(tier)) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

std::vector<Host> hosts_of(const Recording& recording, std::size_t count) {
  std::vector<Host> hosts;
  for (std::size_t n = 0; n < count; ++n) hosts.emplace_back(recording, n + 1);
  return hosts;
}

void measure_ingest(const Recording& recording, std::size_t count, std::int64_t length) {
  const tests::TemporaryDirectory directory;
  SimulatedClock clock(kStart);
  auto hosts = hosts_of(recording, count);
  const double samples = static_cast<double>(count) * static_cast<double>(length) * 40;
  const double before = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
  auto store = opened(directory.path(), clock);
  for (std::size_t n = 0; n < count; ++n) announce(*store, HostNumber(static_cast<std::uint32_t>(n + 1)));
  const double making = feed(*store, clock, hosts, {.start = kStart, .length = length});
  store.reset();  // the last pages move from the logs into the files
  const double used = cpu_of(CLOCK_PROCESS_CPUTIME_ID) - before - making;
  report("cpu_s_per_msample", used / samples * 1e6, "s");
  report("bytes_per_sample", bytes_of(directory.path(), "raw-") / samples, "B");
  report("bytes_per_sample_1m", bytes_of(directory.path(), "1m-") / samples, "B");
  report("bytes_per_sample_1h", bytes_of(directory.path(), "1h-") / samples, "B");
}

// Four series of the one host over the last `seconds`.
void measure_query(const history::Store& store, const char* name, std::int64_t end, std::int64_t seconds,
                   std::int64_t step, std::size_t points) {
  domain::HistoryQuery query{HostNumber{1},
                             {},
                             units::from_unix_ms(end - seconds * 1000),
                             units::from_unix_ms(end - 1),
                             units::Milliseconds{step * 1000},
                             false};
  const auto all = fleet_series();
  for (const std::size_t n : {0, 3, 25, 36}) query.series.push_back({all[n].key.name, all[n].key.attributes});
  constexpr int kRounds = 20;
  double before = 0;
  for (int round = -2; round < kRounds; ++round) {
    if (round == 0) before = cpu_of(CLOCK_THREAD_CPUTIME_ID);
    const auto answer = store.query(query);
    if (!answer || answer->series.size() != 4) give_up("the query failed");
    for (const auto& columns : answer->series) {
      if (columns.t.size() < points) give_up(std::string(name) + ": the answer has holes");
    }
  }
  report(name, (cpu_of(CLOCK_THREAD_CPUTIME_ID) - before) / kRounds * 1000, "ms");
}

void measure_day(const Recording& recording) {
  const tests::TemporaryDirectory directory;
  SimulatedClock clock(kDayStart);
  auto hosts = hosts_of(recording, 1);
  auto store = opened(directory.path(), clock);
  announce(*store, HostNumber{1});
  (void)feed(*store, clock, hosts, {.start = kDayStart, .length = 86'400, .ticks = 60});
  const std::int64_t end = kDayStart + 86'400'000;
  measure_query(*store, "query_15min_x4_cpu_ms", end, 900, 0, 900);
  measure_query(*store, "query_24h_x4_cpu_ms", end, 86'400, 60, 1'440);
}

void measure_year(const Recording& recording) {
  constexpr std::int64_t kYear = 365 * 86'400;
  const tests::TemporaryDirectory directory;
  SimulatedClock clock(kDayStart);
  auto hosts = hosts_of(recording, 1);
  auto store = opened(directory.path(), clock);
  announce(*store, HostNumber{1});
  const Times times{.start = kDayStart - kYear * 1000, .length = kYear, .apart = 60, .ticks = 1'440};
  (void)feed(*store, clock, hosts, times);
  measure_query(*store, "query_30d_x4_cpu_ms", kDayStart, 30 * 86'400, 3'600, 30 * 24);
  measure_query(*store, "query_1y_x4_cpu_ms", kDayStart, kYear, 86'400, 365);
}

std::int64_t setting(const char* name, std::int64_t fallback) {
  const char* value = std::getenv(name);
  return value ? std::atoll(value) : fallback;
}

}  // namespace
}  // namespace vedette::bench

int main() {
  using namespace vedette::bench;
  const Recording recording;
  measure_ingest(recording, static_cast<std::size_t>(setting("VEDETTE_BENCH_HOSTS", 100)),
                 setting("VEDETTE_BENCH_SECONDS", 3600));
  measure_day(recording);
  measure_year(recording);
}
