// Power cuts at random moments of whatever a store does on PowerVfs.
#pragma once

#include <list>

#include "tests/server/history/power_vfs.h"
#include "tests/temporary_directory.h"

namespace vedette::history {

/// What a cut left, and the newest number that had been acked.
struct Cut {
  tests::TemporaryDirectory after;
  std::int64_t acked = 0;
};

/// Takes cuts of a directory, whoever is writing there, before random changes of its files.
class Cuts {
 public:
  /// The first and every later one within so many changes.
  struct Pace {
    std::uint64_t first = 1, later = 1;
  };
  Cuts(std::filesystem::path directory, std::int64_t acked, std::uint64_t seed, Pace pace)
      : directory_(std::move(directory)), acked_(acked), random_(seed) {
    plan(pace.first);
    PowerVfs::before_changes([this, pace] {
      const std::lock_guard lock(mutex_);
      if (--changes_left_ > 0) return;
      take();
      plan(pace.later);
    });
  }
  ~Cuts() { PowerVfs::before_changes({}); }

  void acked(std::int64_t number) { acked_ = number; }
  [[nodiscard]] std::int64_t acked() const { return acked_; }
  void now() {
    const std::lock_guard lock(mutex_);
    take();
  }
  std::list<Cut>& taken() { return taken_; }

 private:
  void plan(std::uint64_t within) { changes_left_ = 1 + static_cast<int>(random_() % within); }
  void take() {
    Cut& cut = taken_.emplace_back();
    cut.acked = acked_;
    PowerVfs::cut(directory_, cut.after.path(), random_);
  }

  const std::filesystem::path directory_;
  std::atomic<std::int64_t> acked_;
  std::mutex mutex_;
  Random random_;
  int changes_left_ = 0;
  std::list<Cut> taken_;
};

}  // namespace vedette::history
