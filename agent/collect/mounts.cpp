#include "agent/collect/mounts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "agent/collect/text.h"

namespace vedette::collect {
namespace {

struct Mount {
  std::string_view device, root, type;
  std::string point;
  bool read_only = false;
};

bool watched(std::string_view type) {
  constexpr std::array<std::string_view, 28> kTypes{
      "ext2",   "ext3", "ext4",    "xfs",  "btrfs", "zfs",   "f2fs",       "jfs",           "reiserfs", "bcachefs",
      "nilfs2", "ufs",  "hfsplus", "vfat", "msdos", "exfat", "ntfs",       "ntfs3",         "fuseblk",  "nfs",
      "nfs4",   "cifs", "smb3",    "ceph", "gfs2",  "ocfs2", "fuse.sshfs", "fuse.glusterfs"};
  return std::ranges::find(kTypes, type) != kTypes.end();
}

/// The kernel writes blank, tab, newline and backslash as \ooo.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && octal(i + 1) && octal(i + 2) && octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

std::optional<Mount> parse_mount(std::string_view line) {
  Mount mount;
  if (!take_number(line) || !take_number(line)) return std::nullopt;
  mount.device = take_word(line);
  mount.root = take_word(line);
  const std::string_view point = take_word(line);
  std::string_view word = take_word(line);  // mount options, then optional fields up to "-"
  while (!word.empty() && word != "-") word = take_word(line);
  mount.type = take_word(line);
  if (mount.type.empty()) return std::nullopt;
  if (take_word(line).empty()) return std::nullopt;  // its source
  const std::string_view options = take_word(line);
  mount.read_only = options == "ro" || options.starts_with("ro,");
  mount.point = unescaped(point);
  return mount;
}

bool bind(const Mount& mount) {
  return mount.root != "/" && mount.type != "btrfs" && mount.point != "/";
}

}  // namespace

units::Result<std::vector<WatchedMount>> parse_mountinfo(std::string_view text) {
  std::vector<Mount> mounts;
  while (const auto line = take_line(text)) {
    if (auto mount = parse_mount(*line)) mounts.push_back(std::move(*mount));
  }
  if (mounts.empty()) return units::fail(units::ErrorCode::corrupt, "/proc/self/mountinfo has no readable line");
  // Container hosts have tens of thousands of mounts, and this runs between two ticks: one pass each.
  std::unordered_map<std::string_view, const Mount*> last_at;
  for (const Mount& mount : mounts) last_at[mount.point] = &mount;
  std::unordered_set<std::string_view> devices;
  std::vector<WatchedMount> watched_mounts;
  for (const Mount& mount : mounts) {
    if (!watched(mount.type) || bind(mount)) continue;
    const bool covered = last_at[mount.point] != &mount;
    if (!covered && devices.insert(mount.device).second) watched_mounts.push_back({mount.point, mount.read_only});
  }
  return watched_mounts;
}

}  // namespace vedette::collect
