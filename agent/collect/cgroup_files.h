// The files of a control group: version 2's (kernel's Documentation/admin-guide/cgroup-v2.rst) and version 1's
// (Documentation/admin-guide/cgroup-v1). Pure, no allocation.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

namespace vedette::collect {

/// What one tells; absent where its controller isn't on, or the kernel lacks the file.
struct CgroupFigures {
  std::optional<std::uint64_t> cpu_us;
  std::optional<std::uint64_t> periods, throttled_periods, throttled_us;  ///< only once a quota was in force
  std::optional<std::uint64_t> memory, inactive_file, memory_limit;       ///< bytes; no limit: absent
  std::optional<std::uint64_t> oom_kills, tasks;
  std::optional<std::uint64_t> read_bytes, written_bytes, reads, writes;

  /// Memory without what the kernel drops first when it needs room, as cAdvisor counts it.
  [[nodiscard]] std::optional<std::uint64_t> working_set() const;
};

/// Whether a block device counts: the same I/O is seen at a stacked one and at the disks beneath.
using CountsDevice = std::function<bool(std::uint32_t major, std::uint32_t minor)>;

/// The number behind `key` in lines "key number".
[[nodiscard]] std::optional<std::uint64_t> number_of_key(std::string_view text, std::string_view key);
/// A file of one number; "max", or version 1's word for it, is no number.
[[nodiscard]] std::optional<std::uint64_t> only_number(std::string_view text);

/// cpu.stat of version 2.
void parse_cpu_stat(std::string_view text, CgroupFigures& figures);
/// cpu.stat of version 1, which lacks the usage and counts in nanoseconds.
void parse_cpu_stat_v1(std::string_view text, CgroupFigures& figures);
/// io.stat of version 2, all devices that count together.
void parse_io_stat(std::string_view text, const CountsDevice& counts, CgroupFigures& figures);
/// blkio.throttle.io_service_bytes or io_serviced of version 1, likewise.
void parse_blkio(std::string_view text, const CountsDevice& counts, std::optional<std::uint64_t>& read,
                 std::optional<std::uint64_t>& written);

}  // namespace vedette::collect
