#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {

void measure_memory(const Recording& recording, std::size_t hosts, const std::string& suffix,
                    const std::filesystem::path& directory) {
  constexpr std::int64_t kSlotSeconds = 600;
  SimulatedClock clock(kDay);
  auto fleet = hosts_of(recording, hosts);
  const double before = resident_kb();
  const auto store = opened(options_in(directory), clock);
  announce(*store, hosts);
  (void)feed(*store, clock, fleet, {.length = kSlotSeconds});
  const double grown = resident_kb() - before;
  const auto open = store->counts().open;
  if (open.chunks != hosts) give_up("not every host had one open chunk when its memory was read");
  const auto each = static_cast<double>(hosts);
  report("memory_kb_per_host" + suffix, grown / each, "kB");
  report("memory_bytes_per_series" + suffix, grown * 1024 / each / static_cast<double>(fleet_series().size()), "B");
}

}  // namespace vedette::bench
