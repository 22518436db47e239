// A program that runs beside this one and is read from. A process of its own, so that whatever it does to files, memory
// and locks is none of ours.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "schema/units/result.h"

namespace vedette::app {

/// One owner thread.
class ChildProcess {
 public:
  /// Starts it with these arguments, our environment, nothing to read, no other descriptor of ours, all signals as at
  /// the beginning of a program, and in a process group of its own: a Ctrl-C is ours to pass on. When we die it dies of
  /// SIGPIPE with the next that it writes. `io` names the program.
  [[nodiscard]] static units::Result<ChildProcess> start(const std::filesystem::path& program,
                                                         const std::vector<std::string>& arguments);

  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&&) = delete;
  ~ChildProcess();  ///< kills it if wait() wasn't called, and doesn't wait for it

  /// What it writes to standard output and standard error; reading doesn't block. Its end comes with that of the last
  /// process that has it, which may be one that this one started.
  [[nodiscard]] int output() const noexcept { return output_; }
  /// Readable once it has exited; -1 where the kernel has no such descriptor (pidfd_open(2)).
  [[nodiscard]] int exited() const noexcept { return exited_; }
  void signal(int number) const noexcept;

  /// How it ended.
  struct Ended {
    int status = 0;  ///< exit status
    int signal = 0;  ///< above 0: which one killed it
  };
  /// Waits for its end.
  [[nodiscard]] Ended wait() noexcept;

 private:
  ChildProcess(pid_t pid, int output) noexcept;
  pid_t pid_;  ///< 0 once it was waited for: the number may be another process's then
  int output_, exited_;
};

}  // namespace vedette::app
