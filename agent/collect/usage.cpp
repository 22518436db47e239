#include "agent/collect/usage.h"

#include <sys/statvfs.h>

#include <algorithm>

namespace vedette::collect {

std::optional<Usage> ask_statvfs(const std::string& mount_point) {
  struct statvfs info{};
  if (::statvfs(mount_point.c_str(), &info) != 0 || info.f_blocks == 0) return std::nullopt;
  // Blocks are whole KiB on nearly every file system; dividing first keeps exabytes inside 64 bits.
  const std::uint64_t size = info.f_frsize;
  const auto kib = [&](std::uint64_t blocks) {
    return size % 1024 == 0 ? blocks * (size / 1024) : blocks / 1024 * size + blocks % 1024 * size / 1024;
  };
  // Some network file systems tell more free than there is.
  const std::uint64_t free_for_root = std::min<std::uint64_t>(info.f_bfree, info.f_blocks);
  const std::uint64_t free = std::min<std::uint64_t>(info.f_bavail, free_for_root);
  const std::uint64_t inodes_free = std::min<std::uint64_t>(info.f_ffree, info.f_files);
  return Usage{.used = kib(info.f_blocks - free_for_root),
               .free = kib(free),
               .reserved = kib(free_for_root - free),
               .inodes_used = info.f_files - inodes_free,
               .inodes_free = inodes_free};
}

}  // namespace vedette::collect
