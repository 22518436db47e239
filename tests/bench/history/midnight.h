// A store around midnight, when a slot, an hour and a day end: within two minutes chunks are sealed, late parts merged,
// write-ahead rows dropped, minutes built, and a day's file goes for its age.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "tests/bench/history/feed.h"
#include "tests/bench/history/watch.h"

namespace vedette::bench {

class Midnight {
 public:
  static constexpr std::int64_t kSlotSeconds = 600;
  static constexpr std::int64_t kBefore = 10;  ///< seconds from the beginning to midnight; nothing is due in them

  /// At the beginning, with all that came before.
  Midnight(const Recording& recording, std::size_t hosts, const std::filesystem::path& directory);

  /// Every host's tick of the `second` since the beginning; and the late ones that make parts be merged.
  [[nodiscard]] std::vector<domain::SharedBatch> ticks(std::int64_t second);
  [[nodiscard]] std::vector<domain::SharedBatch> late_ticks();
  /// Sets the clock to the end of that second.
  void pass(std::int64_t second);

  /// Gives up unless everything that was due was done since the beginning.
  void check() const;

  [[nodiscard]] history::Store& store() { return *store_; }
  [[nodiscard]] const Watch& watch() const { return watch_; }

 private:
  SimulatedClock clock_;
  std::vector<Host> hosts_, late_;
  Watch watch_;
  std::unique_ptr<history::Store> store_;
  history::Store::Counts before_;
};

}  // namespace vedette::bench
