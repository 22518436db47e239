// How full a file system is: statvfs(3).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/collect/probe.h"

namespace vedette::collect {

struct Usage {
  std::uint64_t used = 0, free = 0, reserved = 0;  ///< KiB; the three add up to the size
  std::uint64_t inodes_used = 0, inodes_free = 0;  ///< both 0 where they are made as they are needed (btrfs)
};

using AskUsage = Probe<Usage>::Ask;

/// Asks one mount point. May block. Called on helper threads.
[[nodiscard]] std::optional<Usage> ask_statvfs(const std::string& mount_point);

}  // namespace vedette::collect
