#include "server/sqlite/database.h"
#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {
namespace {

// A tier's files. Their logs are copied into them first: what closes a file last may be a reader, which can't.
double bytes_of(const std::filesystem::path& directory, const char* tier) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (!entry.path().filename().string().starts_with(tier) || entry.path().extension() != ".db") continue;
    auto database = sqlite::Database::open(entry.path());
    if (!database) give_up(database.error().message);
    const auto copied = database->checkpoint_passive();
    if (!copied || copied->copied_pages != copied->log_pages) give_up(entry.path().string() + ": its log isn't copied");
    bytes += static_cast<double>(std::filesystem::file_size(entry.path()));
  }
  return bytes;
}

/// What the store gave to do, beside making the ticks.
struct Work {
  double cpu = 0;      ///< s, of the whole process: the store's threads are in it
  double written = 0;  ///< bytes
};

// As fast as the store commits, in simulated time; then, hours after the last tick, all that is left to do.
Work store_ticks(std::vector<Host>& hosts, Form form, const Times& times, const std::filesystem::path& directory) {
  const double cpu = process_cpu(), written = bytes_written();
  SimulatedClock clock(times.start);
  auto store = opened(options_in(directory), clock);
  announce(*store, hosts.size(), form);
  const double making = feed(*store, clock, hosts, times);
  clock.set(times.start + times.length * 1000 + kLater);
  finish(*store);
  store.reset();
  return {.cpu = process_cpu() - cpu - making, .written = bytes_written() - written};
}

}  // namespace

void measure_ingest(const Recording& recording, const Size& size, const std::filesystem::path& directory) {
  auto hosts = hosts_of(recording, size.hosts);
  const Work work = store_ticks(hosts, Form::counters, {.length = size.seconds}, directory);
  const double samples = size.samples(), raw = bytes_of(directory, "raw-");
  report("cpu_s_per_msample" + size.suffix, work.cpu / samples * 1e6, "s");
  report("bytes_per_sample" + size.suffix, raw / samples, "B");
  report("bytes_per_sample_1m" + size.suffix, bytes_of(directory, "1m-") / samples, "B");
  report("bytes_per_sample_1h" + size.suffix, bytes_of(directory, "1h-") / samples, "B");
  // Others get these counters in base units. They are the same numbers to us: integers of the quantum.
  report("bytes_per_sample_vm_values" + size.suffix, raw / samples, "B");
  report("bytes_written_per_sample" + size.suffix, work.written / samples, "B");
}

void measure_bytes_of_rates(const Recording& recording, const Size& size, const std::filesystem::path& directory) {
  auto hosts = hosts_of(recording, size.hosts, Form::rates);
  (void)store_ticks(hosts, Form::rates, {.length = size.seconds, .ticks = 60}, directory);
  report("bytes_per_sample_rates" + size.suffix, bytes_of(directory, "raw-") / size.samples(), "B");
}

}  // namespace vedette::bench
