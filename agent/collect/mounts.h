// /proc/self/mountinfo: which file systems are worth watching (proc_pid_mountinfo(5)). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"

namespace vedette::collect {

struct WatchedMount {
  std::string point;
  /// The file system can't be written, wherever it is mounted: the kernel sets this after an error too. That only this
  /// mount of it is read-only (a sandboxed service's view) doesn't count.
  bool read_only = false;
};

/// The mounts to ask, in the order of the file. Kept: disk and network file systems, each device once, at its
/// first mount of the whole file system (btrfs: of any subvolume), else where it is "/". Left out: everything else,
/// among it pseudo and memory file systems, overlay, squashfs, iso9660, bind mounts, and mounts covered by a later one
/// at the same place. `corrupt` if no line can be read.
[[nodiscard]] units::Result<std::vector<WatchedMount>> parse_mountinfo(std::string_view text);

}  // namespace vedette::collect
