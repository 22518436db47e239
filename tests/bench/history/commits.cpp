// Commits once a second in real time, while all that goes on behind them really does.
//
// Half a second after each commit the same thread writes as many bytes as that put into the log to a file in the same
// directory and syncs them. In turn, because a second thread would contend with the commits that it is the measure of;
// half a second apart, so that both meet the same background. The file is overwritten in place, as the log is after a
// checkpoint: the fastest way there is to make so many bytes durable.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/bench/history/figures.h"
#include "tests/bench/history/midnight.h"
#include "tests/bench/history/parts.h"
#include "tests/bench/history/plain_file.h"

namespace vedette::bench {
namespace {

constexpr std::size_t kLargestCommit = 64U << 20;

struct Latencies {
  std::vector<double> commit;  ///< asked for until told to those who sent the ticks
  std::vector<double> log;     ///< of it: the log written and synced
  std::vector<double> plain;   ///< the same bytes, written and synced
};

void commit(Midnight& midnight, const std::vector<domain::SharedBatch>& batches, Latencies& latencies) {
  submit(midnight.store(), batches);
  const double before = wall();
  flush(midnight.store());
  latencies.commit.push_back(midnight.watch().told() - before);
  const auto log = midnight.watch().commit();
  latencies.log.push_back(log.end - log.begin);
}

void write(PlainFile& plain, std::size_t bytes, Latencies& latencies) {
  const double before = wall();
  plain.write(bytes);
  latencies.plain.push_back(wall() - before);
}

struct Outcome {
  Latencies latencies;
  double sealer = 0;   ///< CPU s of the sealer until all that it had to do for the slot is done
  double resting = 0;  ///< of these, while nothing was due
};

Outcome run(Midnight& midnight, std::int64_t seconds, const std::filesystem::path& directory) {
  Outcome outcome;
  PlainFile plain(directory / "plain", kLargestCommit);
  const double sealer = midnight.watch().sealer_cpu();
  submit(midnight.store(), midnight.late_ticks());
  const auto begin = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (std::int64_t second = 0; second < seconds; ++second) {
    const auto batches = midnight.ticks(second);
    const auto due = begin + std::chrono::seconds(second);
    std::this_thread::sleep_until(due);
    midnight.pass(second);
    commit(midnight, batches, outcome.latencies);
    std::this_thread::sleep_until(due + std::chrono::milliseconds(500));
    write(plain, midnight.watch().commit().bytes, outcome.latencies);
    if (second + 1 == Midnight::kBefore) outcome.resting = midnight.watch().sealer_cpu() - sealer;
  }
  midnight.check();
  finish(midnight.store());
  outcome.sealer = midnight.watch().sealer_cpu() - sealer;
  return outcome;
}

// Of a core, for a slot of all hosts: sealed, its minutes and hours built, and checkpoints for as long as it lasts.
double sealer_cores(const Outcome& outcome, std::int64_t seconds) {
  constexpr std::int64_t kSlot = Midnight::kSlotSeconds;
  const double rest = outcome.resting / Midnight::kBefore * static_cast<double>(kSlot - std::min(kSlot, seconds));
  return (outcome.sealer + rest) / kSlot;
}

void report_latencies(const std::string& name, const std::string& suffix, const std::vector<double>& latencies) {
  report(name + "_p50_ms" + suffix, percentile(latencies, 0.5) * 1000, "ms");
  report(name + "_p99_ms" + suffix, percentile(latencies, 0.99) * 1000, "ms");
}

}  // namespace

void measure_commits(const Recording& recording, std::size_t hosts, std::int64_t seconds, const std::string& suffix,
                     const std::filesystem::path& directory) {
  Midnight midnight(recording, hosts, directory);
  const Outcome outcome = run(midnight, seconds, directory);
  report_latencies("commit", suffix, outcome.latencies.commit);
  report_latencies("commit_log", suffix, outcome.latencies.log);
  report_latencies("write_fdatasync", suffix, outcome.latencies.plain);
  const double plain = percentile(outcome.latencies.plain, 0.99);
  report("commit_p99_to_write_p99" + suffix, percentile(outcome.latencies.commit, 0.99) / plain, "1");
  report("commit_log_p99_to_write_p99" + suffix, percentile(outcome.latencies.log, 0.99) / plain, "1");
  report("sealer_cores" + suffix, sealer_cores(outcome, seconds), "1");
}

}  // namespace vedette::bench
