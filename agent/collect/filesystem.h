// Space and inodes of file systems: mountinfo, and statvfs(3) on a helper thread. Which mounts: mounts.h.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/mounts.h"
#include "agent/collect/proc_file.h"
#include "agent/collect/source.h"
#include "agent/collect/usage.h"

namespace vedette::collect {

class FilesystemSource final : public Source {
 public:
  /// `clock` tells the time by which hung mounts are judged.
  FilesystemSource(const std::string& proc, AskUsage ask, std::function<units::Steady()> clock);
  [[nodiscard]] std::string_view name() const noexcept override { return file_.path(); }
  /// Begins to ask; puts what was known before until the answers are there.
  [[nodiscard]] units::Result<void> read(Draft& draft) override;
  [[nodiscard]] bool pending() const override { return pending_; }
  void settle(Draft& draft) override;

 private:
  struct Numbers {
    SeriesNumber used, free, reserved, inodes_used, inodes_free;
  };
  const Numbers& numbers_of(const std::string& mount_point, bool inodes, Roster& roster);
  void put_usages(Draft& draft);
  void put_read_only(Draft& draft);

  ProcFile file_;
  Probe<Usage> probe_;
  std::function<units::Steady()> clock_;
  bool pending_ = false;
  std::vector<WatchedMount> mounts_;  ///< as read last
  std::map<std::string, Numbers> numbers_;
  std::map<std::string, SeriesNumber> read_only_;
};

}  // namespace vedette::collect
