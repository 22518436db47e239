#include "schema/metrics/catalogue.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace vedette::metrics {
namespace {

constexpr auto gauge = Kind::gauge;
constexpr auto counter = Kind::counter;
constexpr Quantum kOne{1, 1}, kKibibyte{1024, 1}, kSector{512, 1}, kHundredth{1, 100}, kMillisecond{1, 1000};

// Kernel counts CPU time in USER_HZ = 1/100 s on every architecture Linux runs on today (time(7)), disk bytes in
// sectors of 512 whatever the disk's own sector (Documentation/admin-guide/iostats.rst).
constexpr std::array kCatalogue = {
    Metric{"system.cpu.load_average.15m", "{thread}", gauge, kHundredth, "", "/proc/loadavg", "node_load15",
           "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 15 minutes.", false},
    Metric{"system.cpu.load_average.1m", "{thread}", gauge, kHundredth, "", "/proc/loadavg", "node_load1",
           "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 1 minute.", false},
    Metric{"system.cpu.load_average.5m", "{thread}", gauge, kHundredth, "", "/proc/loadavg", "node_load5",
           "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 5 minutes.", false},
    Metric{
        "system.cpu.time", "s", counter, kHundredth, "cpu?,mode", "/proc/stat", "node_cpu_seconds_total",
        "CPU time since boot by mode: user, nice, system, idle, iowait, interrupt, softirq, steal. Without cpu it is "
        "the sum over all cores. Time of guests is in user and nice already, as the kernel counts it, and is not "
        "listed again.",
        false},
    Metric{"system.cpu.utilization", "1", gauge, kReal, "cpu?", "system.cpu.time", "",
           "Share of CPU time that was neither idle nor iowait since the tick before, 0 to 1.", true},
    Metric{"system.disk.io", "By", counter, kSector, "device,direction", "/proc/diskstats",
           "node_disk_read_bytes_total,node_disk_written_bytes_total",
           "Bytes read and written; direction: read, write.", false},
    Metric{"system.disk.io_time", "s", counter, kMillisecond, "device", "/proc/diskstats",
           "node_disk_io_time_seconds_total", "Time during which the disk had at least one request in flight.", false},
    Metric{"system.disk.operations", "{operation}", counter, kOne, "device,direction", "/proc/diskstats",
           "node_disk_reads_completed_total,node_disk_writes_completed_total",
           "Completed reads and writes; direction: read, write.", false},
    Metric{
        "system.filesystem.usage", "By", gauge, kKibibyte, "mountpoint,state", "statvfs(3)",
        "node_filesystem_size_bytes,node_filesystem_avail_bytes,node_filesystem_free_bytes",
        "Space by state: used, free (what an ordinary user may still take), reserved (for root). The three add up to "
        "the size.",
        false},
    Metric{"system.linux.memory.available", "By", gauge, kKibibyte, "", "/proc/meminfo MemAvailable",
           "node_memory_MemAvailable_bytes", "The kernel's estimate of what programs can take without swapping.",
           false},
    Metric{"system.memory.limit", "By", gauge, kKibibyte, "", "/proc/meminfo MemTotal", "node_memory_MemTotal_bytes",
           "Memory the system can use.", false},
    Metric{
        "system.memory.usage", "By", gauge, kKibibyte, "state", "/proc/meminfo",
        "node_memory_MemFree_bytes,node_memory_Buffers_bytes,node_memory_Cached_bytes,node_memory_Shmem_bytes",
        "Memory by state: free (MemFree), buffers (Buffers), cached (Cached + SReclaimable - Shmem), shared (Shmem), "
        "used (all the rest: MemTotal - free - buffers - cached - shared). The five add up to system.memory.limit.",
        false},
    Metric{"system.network.dropped", "{packet}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_drop_total,node_network_transmit_drop_total",
           "Packets dropped; direction: receive, transmit.", false},
    Metric{"system.network.errors", "{error}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_errs_total,node_network_transmit_errs_total",
           "Packets in error; direction: receive, transmit.", false},
    Metric{"system.network.io", "By", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_bytes_total,node_network_transmit_bytes_total",
           "Bytes received and transmitted; direction: receive, transmit.", false},
    Metric{"system.network.packets", "{packet}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_packets_total,node_network_transmit_packets_total",
           "Packets received and transmitted; direction: receive, transmit.", false},
    Metric{"system.paging.usage", "By", gauge, kKibibyte, "state", "/proc/meminfo SwapTotal, SwapFree",
           "node_memory_SwapTotal_bytes,node_memory_SwapFree_bytes", "Swap by state: used, free.", false},
    Metric{"vedette.agent.spool.dropped", "{tick}", counter, kOne, "", "agent", "",
           "Ticks that the agent lost since its start because its spool was full or damaged, or they were too old.",
           false},
    Metric{"vedette.agent.spool.usage", "By", gauge, kOne, "", "agent", "",
           "What the agent keeps for a collector that it can't reach; 0 while ticks are acknowledged.", false},
};

static_assert(std::ranges::is_sorted(kCatalogue, {}, &Metric::name));

}  // namespace

std::span<const Metric> catalogue() noexcept {
  return kCatalogue;
}

const Metric* find(std::string_view name) noexcept {
  const auto at = std::ranges::lower_bound(kCatalogue, name, {}, &Metric::name);
  return at != kCatalogue.end() && at->name == name ? &*at : nullptr;
}

Series series_of(std::string_view name, std::vector<Attribute> attributes) {
  const Metric* metric = find(name);
  if (metric == nullptr) std::abort();
  std::ranges::sort(attributes);
  return {{std::string(name), std::move(attributes)}, std::string(metric->unit), metric->kind, metric->quantum};
}

}  // namespace vedette::metrics
