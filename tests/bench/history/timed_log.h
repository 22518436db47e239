// An SQLite VFS that tells how long the calling thread's last transaction took to get into the log and onto the disk.
#pragma once

#include <cstddef>

namespace vedette::bench {

/// One a process: SQLite's VFS are global.
class TimedLog {
 public:
  static constexpr const char* kName = "timed";
  static void install();

  /// From the first byte written to a log to the end of the last sync of it, since the last take() of this thread.
  struct Span {
    double begin = 0, end = 0;  ///< of wall()
    std::size_t bytes = 0;
  };
  [[nodiscard]] static Span take();
};

}  // namespace vedette::bench
