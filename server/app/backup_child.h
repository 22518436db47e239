// The process that makes one backup: read, and ended when nobody wants it any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "server/app/child_process.h"
#include "server/domain/backups.h"

namespace vedette::app {

/// One thread.
class BackupChild {
 public:
  enum class Wanted : std::uint8_t {
    yes,
    no,    ///< it is ended, and waited for
    quit,  ///< likewise, but at most 1.5 s: a process that a dead disk holds can't be ended
  };

  /// `wanted` is asked at first and whenever `wake`, an eventfd, was written to. `tell` hears how far it is.
  BackupChild(ChildProcess process, int wake, std::function<Wanted()> wanted,
              std::function<void(const domain::BackupProgress&)> tell);

  /// Until it has ended. What it came to: done, damaged or failed with its own words; `stopped` without words if it was
  /// ended before it came to anything.
  [[nodiscard]] domain::BackupState follow();

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool wait();
  std::ptrdiff_t read();
  void take_line(std::string_view line);
  void look();
  void hurry();
  [[nodiscard]] domain::BackupState outcome();

  ChildProcess process_;
  const int wake_;
  const std::function<Wanted()> wanted_;
  const std::function<void(const domain::BackupProgress&)> tell_;
  Wanted seen_ = Wanted::yes;
  std::optional<Clock::time_point> patience_;  ///< until then it may end by itself
  bool silent_ = false;                        ///< it has closed its output
  bool killed_ = false, given_up_ = false;
  std::string line_;                           ///< what was read of the next one
  std::string words_;                          ///< the last line that was no state
  std::optional<domain::BackupState> result_;  ///< what it said at last
};

}  // namespace vedette::app
