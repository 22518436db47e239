// The kernel's files, as a kernel never writes them: the first byte chooses the parser.
#include <string_view>

#include "agent/collect/arc.h"
#include "agent/collect/cgroup_files.h"
#include "agent/collect/cgroup_name.h"
#include "agent/collect/clock.h"
#include "agent/collect/connections.h"
#include "agent/collect/container.h"
#include "agent/collect/cpu.h"
#include "agent/collect/disk.h"
#include "agent/collect/file_descriptors.h"
#include "agent/collect/load.h"
#include "agent/collect/md.h"
#include "agent/collect/memory.h"
#include "agent/collect/mounts.h"
#include "agent/collect/network.h"
#include "agent/collect/pressure.h"
#include "agent/collect/sockstat.h"
#include "agent/collect/tcp.h"
#include "agent/collect/updates.h"
#include "agent/collect/vmstat.h"
#include "agent/collect/zpool.h"
#include "tests/fuzz/require.h"

namespace {

using namespace vedette;
using namespace vedette::collect;

void of_the_system(unsigned which, std::string_view text) {
  if (which == 0) {
    Stat stat;
    if (parse_stat(text, stat)) fuzz::require(!stat.cpus.empty() && stat.cpus[0].modes >= 4, "a CPU has four modes");
  }
  if (which == 1) (void)parse_loadavg(text);
  if (which == 2) {
    if (const auto info = parse_meminfo(text)) fuzz::require(info->used() <= info->total, "used is part of all");
  }
  if (which == 3) (void)parse_vmstat(text);
  if (which == 4) {
    if (const auto arc = parse_arcstats(text))
      fuzz::require(arc->reclaimable() <= arc->size, "what can go is part of all");
  }
  if (which == 5) {
    if (const auto pressure = parse_pressure(text)) fuzz::require(pressure->some.has_value(), "pressure has a total");
  }
  if (which == 6) (void)parse_file_nr(text);
  if (which == 7) (void)parse_uptime(text);
}

void of_disks_and_network(unsigned which, std::string_view text, std::span<const std::byte> bytes) {
  if (which == 8) {
    std::vector<DiskStats> disks;
    if (parse_diskstats(text, disks)) {
      for (const DiskStats& disk : disks)
        fuzz::require(disk.kept && disk.reads + disk.writes > 0, "idle disks are left out");
    }
  }
  if (which == 9) {
    std::vector<InterfaceStats> all;
    if (parse_net_dev(text, all)) {
      for (const InterfaceStats& one : all) fuzz::require(!one.name.empty(), "an interface has a name");
    }
  }
  if (which == 10) (void)parse_mountinfo(text);
  if (which == 11) {
    std::array<Wanted, 2> wanted{{{"InSegs", 1}, {"OutSegs", 2}}};
    if (!read_columns(text, "Tcp:", wanted)) fuzz::require(!wanted[0].value, "what isn't there has no value");
  }
  if (which == 12) {
    if (auto all = parse_sockstat(text)) add_sockstat6(text, *all);
  }
  if (which == 13) {
    ConnectionCounts counts;
    (void)count_sockets(bytes, counts);
    std::uint64_t sum = 0;
    for (const auto count : counts.by_state) sum += count;
    fuzz::require(sum * 88 <= bytes.size(), "a socket takes a message");
  }
  if (which == 14) (void)container_note("lxc", text);
}

void of_control_groups(unsigned which, std::string_view text) {
  CgroupFigures figures;
  const auto counts = [](std::uint32_t, std::uint32_t minor) { return minor % 2 == 0; };
  if (which == 15) parse_io_stat(text, counts, figures);
  if (which == 16) parse_blkio(text, counts, figures.read_bytes, figures.written_bytes);
  if (which == 17) {
    parse_cpu_stat(text, figures);
    fuzz::require(!figures.throttled_us || figures.periods, "only with a quota there is throttling");
    figures.memory = only_number(text);
    figures.inactive_file = number_of_key(text, "inactive_file");
    fuzz::require(figures.working_set().value_or(0) <= figures.memory.value_or(0), "the working set is part of all");
  }
  if (which == 18) {
    const CgroupPlace place = place_of(text);
    fuzz::require(!place.kind || !place.name.empty(), "what is told has a name");
    fuzz::require(unescaped_unit(text).size() <= text.size(), "an escape is longer than what it stands for");
  }
}

void of_the_machine(unsigned which, std::string_view text) {
  if (which == 19) {
    std::vector<MdArray> arrays;
    parse_mdstat(text, arrays);
    for (const MdArray& array : arrays) fuzz::require(array.name.starts_with("md"), "an array has a name");
  }
  if (which == 20) (void)parse_pool_state(text);
  if (which == 21) {
    const PendingUpdates updates = parse_updates_available(text);
    fuzz::require(!updates.all || updates.security <= *updates.all, "security updates are part of all");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned which = data[0] % 22;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (which < 8) of_the_system(which, text);
  if (which >= 8 && which < 15) of_disks_and_network(which, text, std::as_bytes(std::span(data + 1, size - 1)));
  if (which >= 19) of_the_machine(which, text);
  if (which >= 15) of_control_groups(which, text);
  return 0;
}
