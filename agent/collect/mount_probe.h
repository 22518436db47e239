// Asks file systems for their usage without ever waiting for one that hangs (a dead NFS server, a failing disk).
//
// One helper thread asks all mounts of a batch one after the other. Does it not get past one within the time limit,
// that mount counts as hung, the thread is left to it, and a new one asks the rest. A hung mount is skipped until the
// call that hangs returns. So there are at most as many threads as hung mounts, and one. Owner: the sampling thread.
// What the threads share with it is the snapshot behind `shared_`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/time.h"

namespace vedette::collect {

/// KiB; used + free + reserved = size.
struct Usage {
  std::uint64_t used = 0, free = 0, reserved = 0;
};

/// Asks one mount point: statvfs(3), or a test's stand-in. May block. Called on helper threads.
using AskUsage = std::function<std::optional<Usage>(const std::string& mount_point)>;
[[nodiscard]] std::optional<Usage> ask_statvfs(const std::string& mount_point);

class MountProbe {
 public:
  explicit MountProbe(AskUsage ask, units::Milliseconds limit = units::Milliseconds{2000});
  ~MountProbe();  ///< does not wait for hung calls
  MountProbe(const MountProbe&) = delete;
  MountProbe& operator=(const MountProbe&) = delete;

  /// Begins to ask these; replaces the list of a batch that is still running. Forgets answers of others. On a machine
  /// that gives us no thread nothing is asked, and the last answers stand, until the next batch.
  void start(std::vector<std::string> mount_points, units::Steady now);

  /// Judges the batch: leaves a thread that is over its limit, goes on with the rest. Call every tick; never blocks.
  void poll(units::Steady now);

  /// The newest answers; nothing for mounts that are hung.
  [[nodiscard]] std::map<std::string, Usage> usages() const;

  [[nodiscard]] std::size_t hung() const;          ///< mounts that hang now
  [[nodiscard]] std::uint64_t times_hung() const;  ///< how often one began to, since the start
  [[nodiscard]] bool idle() const;                 ///< the batch is done, apart from hung mounts

 private:
  struct Shared;
  struct Run;
  void launch(units::Steady now);

  std::shared_ptr<Shared> shared_;
  units::Milliseconds limit_;
  bool starved_ = false;  ///< the last thread couldn't be started
};

}  // namespace vedette::collect
