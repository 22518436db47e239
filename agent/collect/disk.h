// /proc/diskstats: I/O of whole disks (kernel's Documentation/admin-guide/iostats.rst).
//
// Left out: partitions (their disk counts them; a name is a partition if the disk it belongs to is listed too, so an
// "xvda1" without "xvda" is a disk), loop, ram, zram, floppy and optical drives, dm-* and md* (the same I/O is counted
// at the disks beneath), and what never did any I/O since boot.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct DiskStats {
  std::string_view name;  ///< into the text that was parsed
  std::uint64_t reads = 0, sectors_read = 0, writes = 0,
                sectors_written = 0;        ///< sectors of 512 B, whatever the disk's
  std::uint64_t read_ms = 0, write_ms = 0;  ///< of all requests together
  std::uint64_t in_flight = 0;              ///< requests now
  std::uint64_t io_ms = 0;                  ///< time with at least one request
  std::uint64_t weighted_ms = 0;            ///< the same times their number
  bool kept = false;                        ///< the rule above leaves it
};

/// loop, ram, zram, floppy and optical drives, dm-*, md*.
[[nodiscard]] bool is_left_out_disk(std::string_view name) noexcept;

/// Fills `disks`, whose room is used again, with those that the rule above leaves. Lines that aren't right are left
/// out; a file without one readable line is `corrupt`, an empty one (containers) gives no disks.
[[nodiscard]] units::Result<void> parse_diskstats(std::string_view text, std::vector<DiskStats>& disks);

class DiskSource final : public Source {
 public:
  explicit DiskSource(const std::string& proc) : file_(proc + "/diskstats") {}
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

 private:
  struct Numbers {
    SeriesNumber read_bytes, written_bytes, reads, writes, read_time, write_time, io_time, in_flight, weighted;
  };
  const Numbers& numbers_of(std::string_view device, Roster& roster);

  ProcFile file_;
  std::vector<DiskStats> disks_;
  std::map<std::string, Numbers, std::less<>> numbers_;
};

}  // namespace vedette::collect
