#include "agent/collect/filesystem.h"

#include "agent/collect/mounts.h"
#include "agent/collect/text.h"

namespace vedette::collect {
namespace {
constexpr std::chrono::seconds kAskEvery{10};
}

FilesystemSource::FilesystemSource(const std::string& proc, AskUsage ask, std::function<units::Steady()> clock)
    : file_(proc + "/self/mountinfo"), probe_(std::move(ask)), clock_(std::move(clock)) {}

const FilesystemSource::Numbers& FilesystemSource::numbers_of(const std::string& mount_point, Roster& roster) {
  if (const auto known = numbers_.find(mount_point); known != numbers_.end()) return known->second;
  static constexpr Numbers kNone{kRefused, kRefused, kRefused};
  if (roster.full()) return kNone;
  const auto one = [&](std::string_view state) {
    return roster.add("system.filesystem.usage", {{"mountpoint", mount_point}, {"state", state}});
  };
  const Numbers numbers{.used = one("used"), .free = one("free"), .reserved = one("reserved")};
  return numbers_.emplace(mount_point, numbers).first->second;
}

units::Result<void> FilesystemSource::read(Draft& draft) {
  const units::Steady now = clock_();
  if (!asked_at_ || now - *asked_at_ >= kAskEvery) {
    asked_at_ = now;
    const auto text = file_.read();
    const auto points = text ? parse_mountinfo(*text) : std::unexpected(text.error());
    mounts_read_ = points ? units::Result<void>() : std::unexpected(points.error());
    if (points) probe_.start(*points, now);
  }
  probe_.poll(now);
  for (const auto& [point, usage] : probe_.usages()) {
    const Numbers& numbers = numbers_of(point, draft.roster());
    draft.put(numbers.used, clamped(usage.used));
    draft.put(numbers.free, clamped(usage.free));
    draft.put(numbers.reserved, clamped(usage.reserved));
  }
  return mounts_read_;
}

}  // namespace vedette::collect
