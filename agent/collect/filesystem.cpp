#include "agent/collect/filesystem.h"

#include "agent/collect/text.h"

namespace vedette::collect {

FilesystemSource::FilesystemSource(const std::string& proc, AskUsage ask, std::function<units::Steady()> clock)
    : file_(proc + "/self/mountinfo"), probe_("a mounted file system", std::move(ask)), clock_(std::move(clock)) {}

const FilesystemSource::Numbers& FilesystemSource::numbers_of(const std::string& mount_point, bool inodes,
                                                              Roster& roster) {
  if (const auto known = numbers_.find(mount_point); known != numbers_.end()) return known->second;
  static constexpr Numbers kNone{kRefused, kRefused, kRefused, kRefused, kRefused};
  if (roster.full()) return kNone;
  const auto one = [&](std::string_view metric, std::string_view state) {
    return roster.add(metric, {{"mountpoint", mount_point}, {"state", state}});
  };
  constexpr std::string_view kSpace = "system.filesystem.usage", kInodes = "system.filesystem.inodes.usage";
  const Numbers numbers{.used = one(kSpace, "used"),
                        .free = one(kSpace, "free"),
                        .reserved = one(kSpace, "reserved"),
                        .inodes_used = inodes ? one(kInodes, "used") : kRefused,
                        .inodes_free = inodes ? one(kInodes, "free") : kRefused};
  return numbers_.emplace(mount_point, numbers).first->second;
}

units::Result<void> FilesystemSource::read(Draft& draft) {
  const auto text = file_.read();
  auto mounts = text ? parse_mountinfo(*text) : std::unexpected(text.error());
  if (!mounts) {
    pending_ = false;
    return std::unexpected(mounts.error());
  }
  mounts_ = std::move(*mounts);
  std::vector<std::string> points;
  for (const WatchedMount& mount : mounts_) points.push_back(mount.point);
  probe_.start(std::move(points), clock_());
  settle(draft);
  return {};
}

void FilesystemSource::settle(Draft& draft) {
  probe_.poll(clock_());
  pending_ = !probe_.idle();
  put_usages(draft);
  put_read_only(draft);
}

void FilesystemSource::put_usages(Draft& draft) {
  for (const auto& [point, usage] : probe_.answers()) {
    const bool inodes = usage.inodes_used + usage.inodes_free > 0;
    const Numbers& numbers = numbers_of(point, inodes, draft.roster());
    draft.put(numbers.used, clamped(usage.used));
    draft.put(numbers.free, clamped(usage.free));
    draft.put(numbers.reserved, clamped(usage.reserved));
    if (!inodes) continue;
    draft.put(numbers.inodes_used, clamped(usage.inodes_used));
    draft.put(numbers.inodes_free, clamped(usage.inodes_free));
  }
}

void FilesystemSource::put_read_only(Draft& draft) {
  for (const WatchedMount& mount : mounts_) {
    auto known = read_only_.find(mount.point);
    if (known == read_only_.end()) {
      if (draft.roster().full()) return;
      const SeriesNumber number = draft.roster().add("system.filesystem.read_only", {{"mountpoint", mount.point}});
      known = read_only_.emplace(mount.point, number).first;
    }
    draft.put(known->second, mount.read_only ? 1 : 0);
  }
}

}  // namespace vedette::collect
