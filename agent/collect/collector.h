// All sources together: one call, one tick. Owner: the agent's main thread. Never blocks on a mount.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/collect/filesystem.h"
#include "agent/collect/roster.h"
#include "agent/collect/source.h"

namespace vedette::collect {

struct CollectorOptions {
  std::string proc = "/proc";
  AskUsage ask_usage = ask_statvfs;
  std::function<units::Steady()> clock = std::chrono::steady_clock::now;
};

class Collector {
 public:
  explicit Collector(CollectorOptions options = {});

  /// Reads every source. Cells by the roster's numbers; what can't be read now is absent. A source that begins to fail
  /// is logged once, and again when it is back.
  [[nodiscard]] std::vector<metrics::Cell> collect();

  /// One more, read after the others.
  void add(std::unique_ptr<Source> source) { sources_.push_back(std::move(source)); }
  /// See Roster::adopt.
  SeriesNumber adopt(const metrics::Series& series) { return roster_.adopt(series); }

  [[nodiscard]] const Roster& roster() const noexcept { return roster_; }
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }  ///< reads that gave an error
  [[nodiscard]] const MountProbe& mounts() const noexcept { return filesystems_->probe(); }

 private:
  void judge(const Source& source, const units::Result<void>& result);

  Roster roster_;
  std::vector<std::unique_ptr<Source>> sources_;
  FilesystemSource* filesystems_ = nullptr;  ///< one of sources_
  std::set<const Source*> failing_;
  std::uint64_t failures_ = 0;
  std::uint64_t times_hung_ = 0;
};

}  // namespace vedette::collect
