// What a store's threads tell of themselves at its steps.
#pragma once

#include <atomic>
#include <ctime>
#include <functional>

#include "server/history/store.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/timed_log.h"

namespace vedette::bench {

class Watch {
 public:
  /// For a store over TimedLog.
  void attach(history::Options& options);

  /// Of the last commit: its way into the log, and when those who sent its ticks were told (wall()). Only after the
  /// flush() that asked for it.
  [[nodiscard]] TimedLog::Span commit() const { return commit_; }
  [[nodiscard]] double told() const { return told_; }
  /// For on_commit().
  void tell() { told_ = wall(); }
  /// CPU of the sealer's thread so far, seconds. Gives up if it did nothing yet.
  [[nodiscard]] double sealer_cpu() const;

 private:
  void step(history::Step at);

  TimedLog::Span commit_;  ///< the writer's; flush() is the crossing
  double told_ = 0;        ///< the same
  std::atomic<bool> known_{false};
  clockid_t sealer_{};
};

}  // namespace vedette::bench
