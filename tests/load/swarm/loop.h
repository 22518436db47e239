// One epoll loop with timers for thousands of connections of one thread.
#pragma once

#include <cstdint>
#include <queue>
#include <vector>

#include "schema/units/time.h"

namespace vedette::swarm {

/// Something with at most one descriptor and one deadline. Outlives the loop's run.
class Source {
 public:
  Source() = default;
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual void on_ready(units::Steady now) = 0;  ///< the descriptor is ready; may be called once too often
  virtual void on_time(units::Steady now) = 0;   ///< the deadline has passed; none is armed any more

 private:
  friend class Loop;
  units::Steady armed_ = units::Steady::max();
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// `events` of epoll(7), for a descriptor new here (`known` false) or watched already.
  void watch(int fd, std::uint32_t events, Source& source, bool known);
  /// Replaces the source's deadline.
  void arm(Source& source, units::Steady at);
  /// Turns until `until`, or stop().
  void run(units::Steady until);
  void stop() noexcept { stopped_ = true; }
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  /// How late the latest deadline since the last call was served: what this process adds to what it measures.
  [[nodiscard]] units::Milliseconds take_lateness();

 private:
  struct Deadline {
    units::Steady at;
    Source* source;
    bool operator>(const Deadline& other) const noexcept { return at > other.at; }
  };
  void serve_deadlines();

  int epoll_;
  bool stopped_ = false;
  units::Steady::duration late_{};
  std::priority_queue<Deadline, std::vector<Deadline>, std::greater<>> deadlines_;
};

}  // namespace vedette::swarm
