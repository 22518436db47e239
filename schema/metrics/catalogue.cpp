#include "schema/metrics/catalogue.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace vedette::metrics {
namespace {

constexpr auto gauge = Kind::gauge;
constexpr auto counter = Kind::counter;
constexpr Quantum kOne{1, 1}, kKibibyte{1024, 1}, kSector{512, 1}, kHundredth{1, 100}, kMillisecond{1, 1000},
    kMicrosecond{1, 1'000'000}, kMegahertz{1'000'000, 1};

// Kernel counts CPU time in USER_HZ = 1/100 s on every architecture Linux runs on today (time(7)), disk bytes in
// sectors of 512 whatever the disk's own sector (Documentation/admin-guide/iostats.rst).
constexpr std::array kCatalogue = {
    Metric{"hw.fan.speed", Group::sensors, "rpm", gauge, kOne, "chip,device,sensor", "/sys/class/hwmon",
           "node_hwmon_fan_rpm", "Speed of a fan, every 10 s.", false},
    Metric{"hw.temperature", Group::sensors, "Cel", gauge, kHundredth, "chip,device,sensor", "/sys/class/hwmon",
           "node_hwmon_temp_celsius",
           "Temperature, every 10 s. Of a chip's sensors for single cores only the hottest is told, as sensor=cores; "
           "of a drive that tells a composite temperature only that.",
           false},
    Metric{"system.cpu.context_switches", Group::cpu, "{switch}", counter, kOne, "", "/proc/stat ctxt",
           "node_context_switches_total", "Switches from one task to another, on all cores.", false},
    Metric{"system.cpu.frequency", Group::cpu, "Hz", gauge, kMegahertz, "statistic",
           "/sys/devices/system/cpu/cpufreq/policy*/scaling_cur_freq", "node_cpu_scaling_frequency_hertz",
           "Frequency of the cores, every 10 s; statistic over all of them: min, avg, max.", false},
    Metric{"system.cpu.interrupts", Group::cpu, "{interrupt}", counter, kOne, "", "/proc/stat intr", "node_intr_total",
           "Interrupts served, all kinds together.", false},
    Metric{"system.cpu.load_average.15m", Group::load, "{thread}", gauge, kHundredth, "", "/proc/loadavg",
           "node_load15", "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 15 minutes.",
           false},
    Metric{"system.cpu.load_average.1m", Group::load, "{thread}", gauge, kHundredth, "", "/proc/loadavg", "node_load1",
           "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 1 minute.", false},
    Metric{"system.cpu.load_average.5m", Group::load, "{thread}", gauge, kHundredth, "", "/proc/loadavg", "node_load5",
           "Threads running, waiting for a CPU or in uninterruptible sleep, averaged over 5 minutes.", false},
    Metric{"system.cpu.throttles", Group::cpu, "{event}", counter, kOne, "scope",
           "/sys/devices/system/cpu/cpu*/thermal_throttle",
           "node_cpu_core_throttles_total,node_cpu_package_throttles_total",
           "How often the processor slowed itself down because it was too hot, every 10 s; scope: core (sum over "
           "cores), package (sum over packages).",
           false},
    Metric{
        "system.cpu.time", Group::cpu, "s", counter, kHundredth, "cpu?,mode", "/proc/stat", "node_cpu_seconds_total",
        "CPU time since boot by mode: user, nice, system, idle, iowait, interrupt, softirq, steal. Without cpu it is "
        "the sum over all cores. Time of guests is in user and nice already, as the kernel counts it, and is not "
        "listed again.",
        false},
    Metric{"system.cpu.utilization", Group::cpu, "1", gauge, kReal, "cpu?", "system.cpu.time", "",
           "Share of CPU time that was neither idle nor iowait since the tick before, 0 to 1.", true},
    Metric{"system.disk.io", Group::disks, "By", counter, kSector, "device,direction", "/proc/diskstats",
           "node_disk_read_bytes_total,node_disk_written_bytes_total",
           "Bytes read and written; direction: read, write.", false},
    Metric{"system.disk.io_time", Group::disks, "s", counter, kMillisecond, "device", "/proc/diskstats",
           "node_disk_io_time_seconds_total", "Time during which the disk had at least one request in flight.", false},
    Metric{"system.disk.operation_time", Group::disks, "s", counter, kMillisecond, "device,direction",
           "/proc/diskstats", "node_disk_read_time_seconds_total,node_disk_write_time_seconds_total",
           "Time that all reads or writes took together. Its increase divided by that of system.disk.operations is the "
           "time one waited (await).",
           false},
    Metric{"system.disk.operations", Group::disks, "{operation}", counter, kOne, "device,direction", "/proc/diskstats",
           "node_disk_reads_completed_total,node_disk_writes_completed_total",
           "Completed reads and writes; direction: read, write.", false},
    Metric{"system.disk.pending_operations", Group::disks, "{operation}", gauge, kOne, "device", "/proc/diskstats",
           "node_disk_io_now", "Requests in flight.", false},
    Metric{"system.disk.weighted_io_time", Group::disks, "s", counter, kMillisecond, "device", "/proc/diskstats",
           "node_disk_io_time_weighted_seconds_total",
           "Time with requests in flight times their number: its rate is the mean length of the queue.", false},
    Metric{"system.filesystem.inodes.usage", Group::filesystems, "{inode}", gauge, kOne, "mountpoint,state",
           "statvfs(3)", "node_filesystem_files,node_filesystem_files_free",
           "Inodes by state: used, free; every 10 s. Absent on file systems that make them as they need them.", false},
    Metric{"system.filesystem.read_only", Group::filesystems, "{flag}", gauge, kOne, "mountpoint",
           "/proc/self/mountinfo", "node_filesystem_readonly",
           "1 if nothing can be written to the file system: it was mounted so, or the kernel made it so after an "
           "error; else 0. Every 10 s.",
           false},
    Metric{
        "system.filesystem.usage", Group::filesystems, "By", gauge, kKibibyte, "mountpoint,state", "statvfs(3)",
        "node_filesystem_size_bytes,node_filesystem_avail_bytes,node_filesystem_free_bytes",
        "Space by state: used, free (what an ordinary user may still take), reserved (for root). The three add up to "
        "the size.",
        false},
    Metric{"system.linux.cgroup.cpu.periods", Group::cgroups, "{period}", counter, kOne, "cgroup,kind",
           "cpu.stat nr_periods", "container_cpu_cfs_periods_total",
           "Periods, of 0.1 s unless set, in which a control group with a CPU quota ran; absent without a quota.",
           false},
    Metric{"system.linux.cgroup.cpu.throttled_periods", Group::cgroups, "{period}", counter, kOne, "cgroup,kind",
           "cpu.stat nr_throttled", "container_cpu_cfs_throttled_periods_total",
           "Those of system.linux.cgroup.cpu.periods in which the quota was used up and tasks had to wait.", false},
    Metric{"system.linux.cgroup.cpu.throttled_time", Group::cgroups, "s", counter, kMicrosecond, "cgroup,kind",
           "cpu.stat throttled_usec", "container_cpu_cfs_throttled_seconds_total",
           "How long tasks had to wait for the next period, all cores together; absent without a quota.", false},
    Metric{"system.linux.cgroup.cpu.time", Group::cgroups, "s", counter, kMicrosecond, "cgroup,kind",
           "cpu.stat usage_usec, cpuacct.usage", "container_cpu_usage_seconds_total",
           "CPU time of a control group and all below it, every 10 s. kind: slice, docker, podman, lxc, kubernetes, "
           "machine, service; cgroup: its name.",
           false},
    Metric{"system.linux.cgroup.disk.io", Group::cgroups, "By", counter, kOne, "cgroup,direction,kind",
           "io.stat rbytes, wbytes", "container_fs_reads_bytes_total,container_fs_writes_bytes_total",
           "Bytes that a control group read and wrote, all whole disks together, every 10 s; direction: read, write. "
           "Absent before the first.",
           false},
    Metric{"system.linux.cgroup.disk.operations", Group::cgroups, "{operation}", counter, kOne, "cgroup,direction,kind",
           "io.stat rios, wios", "container_fs_reads_total,container_fs_writes_total",
           "Reads and writes of a control group, likewise.", false},
    Metric{"system.linux.cgroup.memory.limit", Group::cgroups, "By", gauge, kKibibyte, "cgroup,kind", "memory.max",
           "container_spec_memory_limit_bytes",
           "Most memory that a control group may use; absent without a limit of its own.", false},
    Metric{"system.linux.cgroup.memory.oom_kills", Group::cgroups, "{process}", counter, kOne, "cgroup,kind",
           "memory.events oom_kill", "container_oom_events_total",
           "Processes of a control group that the kernel killed for want of memory.", false},
    Metric{"system.linux.cgroup.memory.usage", Group::cgroups, "By", gauge, kKibibyte, "cgroup,kind", "memory.current",
           "container_memory_usage_bytes",
           "Memory of a control group, the cache of files it read included, every 10 s.", false},
    Metric{"system.linux.cgroup.memory.working_set", Group::cgroups, "By", gauge, kKibibyte, "cgroup,kind",
           "memory.current, memory.stat inactive_file", "container_memory_working_set_bytes",
           "The same without the cache that the kernel drops first: what a limit has to hold.", false},
    Metric{"system.linux.cgroup.tasks", Group::cgroups, "{task}", gauge, kOne, "cgroup,kind", "pids.current",
           "container_threads", "Processes and threads of a control group, every 10 s.", false},
    Metric{"system.linux.clock.estimated_error", Group::clock, "s", gauge, kMicrosecond, "", "adjtimex(2)",
           "node_timex_estimated_error_seconds",
           "How far the clock may be off, as the program that sets it estimates; every 10 s.", false},
    Metric{"system.linux.clock.offset", Group::clock, "s", gauge, kMicrosecond, "", "adjtimex(2)",
           "node_timex_offset_seconds", "What the kernel is still to correct of the clock, every 10 s.", false},
    Metric{"system.linux.clock.synchronized", Group::clock, "{flag}", gauge, kOne, "", "adjtimex(2)",
           "node_timex_sync_status",
           "1 if a program (chrony, ntpd, systemd-timesyncd) keeps the clock in step with others, else 0; every 10 s.",
           false},
    Metric{"system.linux.file_descriptors.limit", Group::files, "{file}", gauge, kOne, "", "/proc/sys/fs/file-nr",
           "node_filefd_maximum", "Most open files on the whole system; absent where there is no such bound.", false},
    Metric{"system.linux.file_descriptors.open", Group::files, "{file}", gauge, kOne, "", "/proc/sys/fs/file-nr",
           "node_filefd_allocated", "Open files of the whole system, every 10 s.", false},
    Metric{"system.linux.md.active", Group::machine, "{flag}", gauge, kOne, "device", "/proc/mdstat", "node_md_state",
           "1 while the software RAID runs, 0 where it couldn't be started; every 10 s.", false},
    Metric{"system.linux.md.missing_disks", Group::machine, "{disk}", gauge, kOne, "device", "/proc/mdstat",
           "node_md_disks_required,node_md_disks",
           "Disks that a software RAID should have and hasn't: above 0 it is degraded; absent for one without "
           "redundancy. Every 10 s.",
           false},
    Metric{"system.linux.memory.arc.usage", Group::memory, "By", gauge, kKibibyte, "state",
           "/proc/spl/kstat/zfs/arcstats", "node_zfs_arc_size,node_zfs_arc_c_min",
           "ZFS's cache (ARC) by state: reclaimable (it shrinks by so much when programs need it), unreclaimable. It "
           "is part of used in system.memory.usage, and system.linux.memory.available doesn't count it.",
           false},
    Metric{"system.linux.memory.available", Group::memory, "By", gauge, kKibibyte, "", "/proc/meminfo MemAvailable",
           "node_memory_MemAvailable_bytes", "The kernel's estimate of what programs can take without swapping.",
           false},
    Metric{"system.linux.memory.committed", Group::memory, "By", gauge, kKibibyte, "", "/proc/meminfo Committed_AS",
           "node_memory_Committed_AS_bytes", "What programs were promised.", false},
    Metric{"system.linux.memory.dirty", Group::memory, "By", gauge, kKibibyte, "", "/proc/meminfo Dirty",
           "node_memory_Dirty_bytes", "Written to files, not yet to disks.", false},
    Metric{"system.linux.memory.oom_kills", Group::memory, "{process}", counter, kOne, "", "/proc/vmstat oom_kill",
           "node_vmstat_oom_kill",
           "Processes that the kernel killed for want of memory, those within a control group's limit too.", false},
    Metric{"system.linux.memory.slab.usage", Group::memory, "By", gauge, kKibibyte, "state",
           "/proc/meminfo SReclaimable, SUnreclaim", "node_memory_SReclaimable_bytes,node_memory_SUnreclaim_bytes",
           "Memory of the kernel's own objects by state: reclaimable, unreclaimable.", false},
    Metric{"system.linux.pressure.stall_time", Group::pressure, "s", counter, kMicrosecond, "resource,tasks",
           "/proc/pressure",
           "node_pressure_cpu_waiting_seconds_total,node_pressure_memory_waiting_seconds_total,node_pressure_memory_"
           "stalled_seconds_total,node_pressure_io_waiting_seconds_total,node_pressure_io_stalled_seconds_total",
           "Time in which tasks waited for resource cpu, memory or io; tasks: some (at least one waited), full (all "
           "that could run did; not for cpu).",
           false},
    Metric{"system.linux.reboot_required", Group::machine, "{flag}", gauge, kOne, "", "/var/run/reboot-required", "",
           "1 if an update asks for a reboot, else 0; absent where nothing would say so (Debian and Ubuntu with "
           "unattended-upgrades or update-notifier do). Every 10 s.",
           false},
    Metric{"system.linux.systemd.units.failed", Group::machine, "{unit}", gauge, kOne, "", "systemd", "",
           "Units of systemd that have failed, every minute.", false},
    Metric{"system.linux.tasks", Group::cpu, "{task}", gauge, kOne, "state", "/proc/stat procs_running, procs_blocked",
           "node_procs_running,node_procs_blocked",
           "Tasks by state: running (on a core or waiting for one), blocked (waiting for I/O).", false},
    Metric{"system.linux.updates.pending", Group::machine, "{package}", gauge, kOne, "type",
           "/var/lib/update-notifier/updates-available", "",
           "Updates that wait, as Ubuntu's update-notifier counts them; type: all, security (of all).", false},
    Metric{"system.linux.zfs.pool.state", Group::machine, "{state}", gauge, kOne, "pool",
           "/proc/spl/kstat/zfs/POOL/state", "node_zfs_zpool_state",
           "0: the pool is online; 1: degraded; 2: it can't be used (faulted, suspended, unavailable). Every 10 s.",
           false},
    Metric{"system.memory.limit", Group::memory, "By", gauge, kKibibyte, "", "/proc/meminfo MemTotal",
           "node_memory_MemTotal_bytes", "Memory the system can use.", false},
    Metric{
        "system.memory.usage", Group::memory, "By", gauge, kKibibyte, "state", "/proc/meminfo",
        "node_memory_MemFree_bytes,node_memory_Buffers_bytes,node_memory_Cached_bytes,node_memory_Shmem_bytes",
        "Memory by state: free (MemFree), buffers (Buffers), cached (Cached + SReclaimable - Shmem), shared (Shmem), "
        "used (all the rest: MemTotal - free - buffers - cached - shared). The five add up to system.memory.limit.",
        false},
    Metric{"system.network.connection.count", Group::sockets, "{connection}", gauge, kOne, "state",
           "inet_diag, sockstat, /proc/net/snmp", "node_tcp_connection_states",
           "TCP connections by state, IPv4 and IPv6, every 10 s: established, syn_sent, syn_received, fin_wait_1, "
           "fin_wait_2, time_wait, close_wait, last_ack, listen, closing.",
           false},
    Metric{"system.network.dropped", Group::network, "{packet}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_drop_total,node_network_transmit_drop_total",
           "Packets dropped; direction: receive, transmit.", false},
    Metric{"system.network.errors", Group::network, "{error}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_errs_total,node_network_transmit_errs_total",
           "Packets in error; direction: receive, transmit.", false},
    Metric{"system.network.io", Group::network, "By", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_bytes_total,node_network_transmit_bytes_total",
           "Bytes received and transmitted; direction: receive, transmit.", false},
    Metric{"system.network.packets", Group::network, "{packet}", counter, kOne, "direction,interface", "/proc/net/dev",
           "node_network_receive_packets_total,node_network_transmit_packets_total",
           "Packets received and transmitted; direction: receive, transmit.", false},
    Metric{"system.network.socket.count", Group::sockets, "{socket}", gauge, kOne, "protocol",
           "/proc/net/sockstat, sockstat6", "node_sockstat_TCP_inuse,node_sockstat_UDP_inuse",
           "Sockets in use by protocol, IPv4 and IPv6: tcp, udp; time_wait isn't in it. Every 10 s.", false},
    Metric{"system.network.socket.memory", Group::sockets, "By", gauge, kKibibyte, "protocol", "/proc/net/sockstat",
           "node_sockstat_TCP_mem_bytes,node_sockstat_UDP_mem_bytes",
           "Memory of socket buffers by protocol: tcp, udp; of the whole machine, every 10 s.", false},
    Metric{"system.network.socket.orphaned", Group::sockets, "{socket}", gauge, kOne, "", "/proc/net/sockstat",
           "node_sockstat_TCP_orphan", "TCP sockets that no program holds any more, every 10 s.", false},
    Metric{"system.network.socket.used", Group::sockets, "{socket}", gauge, kOne, "", "/proc/net/sockstat",
           "node_sockstat_sockets_used", "Sockets of every kind, every 10 s.", false},
    Metric{"system.network.tcp.established_resets", Group::network, "{connection}", counter, kOne, "",
           "/proc/net/snmp EstabResets", "node_netstat_Tcp_EstabResets",
           "Open connections that ended by a reset, whichever end sent it.", false},
    Metric{"system.network.tcp.failed_opens", Group::network, "{connection}", counter, kOne, "",
           "/proc/net/snmp AttemptFails", "node_netstat_Tcp_AttemptFails",
           "Connections that were refused or not answered while they were opened.", false},
    Metric{"system.network.tcp.listen_drops", Group::network, "{connection}", counter, kOne, "",
           "/proc/net/netstat ListenDrops", "node_netstat_TcpExt_ListenDrops",
           "Connections that a listening program lost, those of system.network.tcp.listen_overflows among them; every "
           "10 s.",
           false},
    Metric{"system.network.tcp.listen_overflows", Group::network, "{connection}", counter, kOne, "",
           "/proc/net/netstat ListenOverflows", "node_netstat_TcpExt_ListenOverflows",
           "Connections turned away because a program's queue of new ones was full, every 10 s.", false},
    Metric{"system.network.tcp.opens", Group::network, "{connection}", counter, kOne, "direction",
           "/proc/net/snmp ActiveOpens, PassiveOpens", "node_netstat_Tcp_ActiveOpens,node_netstat_Tcp_PassiveOpens",
           "Connections opened; direction: outgoing, incoming.", false},
    Metric{"system.network.tcp.resets", Group::network, "{segment}", counter, kOne, "", "/proc/net/snmp OutRsts",
           "node_netstat_Tcp_OutRsts",
           "Resets sent: to connections that nobody waits for, or that a program broke off.", false},
    Metric{"system.network.tcp.retransmits", Group::network, "{segment}", counter, kOne, "",
           "/proc/net/snmp RetransSegs", "node_netstat_Tcp_RetransSegs",
           "Segments sent again. Its rate divided by that of system.network.tcp.segments transmitted is the share that "
           "gets lost.",
           false},
    Metric{"system.network.tcp.segments", Group::network, "{segment}", counter, kOne, "direction",
           "/proc/net/snmp InSegs, OutSegs", "node_netstat_Tcp_InSegs,node_netstat_Tcp_OutSegs",
           "Segments; direction: receive, transmit (without those sent again).", false},
    Metric{"system.network.udp.errors", Group::network, "{packet}", counter, kOne, "", "/proc/net/snmp InErrors",
           "node_netstat_Udp_InErrors",
           "Datagrams that couldn't be delivered: no room in the socket's buffer, wrong checksum.", false},
    Metric{"system.paging.faults", Group::memory, "{fault}", counter, kOne, "type", "/proc/vmstat pgfault, pgmajfault",
           "node_vmstat_pgfault,node_vmstat_pgmajfault",
           "Page faults by type: minor, major (had to be read from a disk).", false},
    Metric{"system.paging.operations", Group::memory, "{operation}", counter, kOne, "direction",
           "/proc/vmstat pswpin, pswpout", "node_vmstat_pswpin,node_vmstat_pswpout",
           "Pages read from swap and written to it; direction: in, out.", false},
    Metric{"system.paging.usage", Group::memory, "By", gauge, kKibibyte, "state", "/proc/meminfo SwapTotal, SwapFree",
           "node_memory_SwapTotal_bytes,node_memory_SwapFree_bytes", "Swap by state: used, free.", false},
    Metric{
        "system.process.count", Group::processes, "{process}", gauge, kOne, "status", "/proc/PID/stat",
        "node_processes_state",
        "Processes by what they do: running (on a CPU or waiting for one), sleeping, blocked (waiting where no signal "
        "wakes them), stopped, zombie. Every 10 s.",
        false},
    Metric{"system.process.created", Group::cpu, "{process}", counter, kOne, "", "/proc/stat processes",
           "node_forks_total", "Processes and threads started.", false},
    Metric{"system.thread.count", Group::load, "{thread}", gauge, kOne, "", "/proc/loadavg", "node_processes_threads",
           "Threads of all processes.", false},
    Metric{"system.uptime", Group::clock, "s", gauge, kOne, "", "/proc/uptime", "", "Time since the boot, every 10 s.",
           false},
    Metric{"vedette.agent.spool.dropped", Group::agent, "{tick}", counter, kOne, "", "agent", "",
           "Ticks that the agent lost since its start because its spool was full or damaged, or they were too old.",
           false},
    Metric{"vedette.agent.spool.usage", Group::agent, "By", gauge, kOne, "", "agent", "",
           "What the agent keeps for a collector that it can't reach; 0 while ticks are acknowledged.", false},
    Metric{"vedette.job.age", Group::jobs, "s", gauge, kMillisecond, "job", "vedette-agent job", "",
           "Time since the job last succeeded, every 10 s; absent until it did.", false},
    Metric{"vedette.job.duration", Group::jobs, "s", gauge, kMillisecond, "job", "vedette-agent job", "",
           "How long the job's last run took.", false},
    Metric{"vedette.job.exit_status", Group::jobs, "{status}", gauge, kOne, "job", "vedette-agent job", "",
           "Exit status of the job's last run: 0 where it succeeded, 128 + n where signal n ended it.", false},
    Metric{"vedette.job.running", Group::jobs, "s", gauge, kMillisecond, "job", "vedette-agent job", "",
           "How long the job has been running; 0 while it isn't.", false},
    Metric{"vedette.textfile.age", Group::textfile, "s", gauge, kMillisecond, "file", "textfile.d/*.prom",
           "node_textfile_mtime_seconds", "Time since the file was last written, every 10 s.", false},
};

static_assert(std::ranges::is_sorted(kCatalogue, {}, &Metric::name));

}  // namespace

std::string_view name(Group group) noexcept {
  return kGroupNames[static_cast<std::size_t>(group)];
}

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
