// Do the threads that nothing works without still turn? Decides whether the service manager's watchdog is fed.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "schema/units/time.h"

namespace vedette::app {

/// One owner thread. Time is passed in.
class Heartbeat {
 public:
  struct Pulse {
    std::string name;                     ///< "the control thread", for the log
    std::function<units::Steady()> last;  ///< when it last turned; any thread, quick
    units::Milliseconds longest;          ///< a longer silence means that it hangs
  };
  void watch(Pulse pulse) { pulses_.push_back(std::move(pulse)); }

  /// False while any of them hangs. Logs which, once when it begins, and when all turn again.
  [[nodiscard]] bool beats(units::Steady now);

 private:
  std::vector<Pulse> pulses_;
  std::string hanging_;
};

}  // namespace vedette::app
