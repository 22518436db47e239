// Space on file systems: mountinfo and statvfs(3), asked every 10 s on a helper thread; the ticks between repeat the
// last answer. Which mounts: mounts.h.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "agent/collect/mount_probe.h"
#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"

namespace vedette::collect {

class FilesystemSource final : public Source {
 public:
  /// `clock` tells the time by which hung mounts are judged.
  FilesystemSource(const std::string& proc, AskUsage ask, std::function<units::Steady()> clock);
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  /// Also on ticks that don't read mountinfo, how its last reading went: a failure lasts until a reading succeeds.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;

  [[nodiscard]] const MountProbe& probe() const noexcept { return probe_; }

 private:
  struct Numbers {
    SeriesNumber used, free, reserved;
  };
  const Numbers& numbers_of(const std::string& mount_point, Roster& roster);

  ProcFile file_;
  MountProbe probe_;
  std::function<units::Steady()> clock_;
  std::optional<units::Steady> asked_at_;
  units::Result<void> mounts_read_;
  std::map<std::string, Numbers> numbers_;
};

}  // namespace vedette::collect
