#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {
namespace {

double bytes_of(const std::filesystem::path& directory, const char* tier) {
  double bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with(tier)) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

}  // namespace

// Time is simulated and runs as fast as the store commits. CPU is that of the whole process, both of the store's
// threads included, less what making the ticks took; bytes of each tier are those of a sample that came in.
void measure_ingest(const Recording& recording, const Size& size, const std::filesystem::path& directory) {
  auto hosts = hosts_of(recording, size.hosts);
  const double cpu = process_cpu(), written = bytes_written();
  SimulatedClock clock(kDay);
  auto store = opened(options_in(directory), clock);
  announce(*store, size.hosts);
  const double making = feed(*store, clock, hosts, {.length = size.seconds});
  finish(*store);
  store.reset();  // the last pages move from the logs into the files
  const double samples = size.samples();
  report("cpu_s_per_msample" + size.suffix, (process_cpu() - cpu - making) / samples * 1e6, "s");
  report("bytes_per_sample" + size.suffix, bytes_of(directory, "raw-") / samples, "B");
  report("bytes_per_sample_1m" + size.suffix, bytes_of(directory, "1m-") / samples, "B");
  report("bytes_per_sample_1h" + size.suffix, bytes_of(directory, "1h-") / samples, "B");
  // Counters in base units, which others get, are the same numbers to us: integers of the quantum.
  report("bytes_per_sample_vm_values" + size.suffix, bytes_of(directory, "raw-") / samples, "B");
  report("bytes_written_per_sample" + size.suffix, (bytes_written() - written) / samples, "B");
}

void measure_bytes_of_rates(const Recording& recording, const Size& size, const std::filesystem::path& directory) {
  auto hosts = hosts_of(recording, size.hosts, Form::rates);
  SimulatedClock clock(kDay);
  auto store = opened(options_in(directory), clock);
  announce(*store, size.hosts, Form::rates);
  (void)feed(*store, clock, hosts, {.length = size.seconds, .ticks = 60});
  finish(*store);
  store.reset();
  report("bytes_per_sample_rates" + size.suffix, bytes_of(directory, "raw-") / size.samples(), "B");
}

}  // namespace vedette::bench
