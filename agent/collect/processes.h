// All processes (/proc/PID/stat, proc_pid_stat(5)): how many in which state, and which use most. About 10 µs a process:
// asked every ten seconds, not every tick. One owner thread.
#pragma once

#include <dirent.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/collect/source.h"
#include "schema/units/result.h"
#include "schema/units/time.h"
#include "schema/wire/messages.h"

namespace vedette::collect {

struct ProcessStat {
  std::string_view name;  ///< into the text; may hold anything, brackets and blanks too
  char state = '?';
  std::uint64_t ticks = 0;  ///< user and system, USER_HZ
  std::uint32_t threads = 0;
  std::uint64_t started = 0;  ///< USER_HZ since boot: with the pid it tells a process from a later one of that number
  std::uint64_t pages = 0;    ///< resident
};
/// Nothing if it isn't the text of such a file.
[[nodiscard]] std::optional<ProcessStat> parse_pid_stat(std::string_view text);

/// How many there are by what they do. Together they are all.
struct ProcessCounts {
  std::uint32_t running = 0;   ///< on a CPU or waiting for one
  std::uint32_t sleeping = 0;  ///< waiting for something; kernel threads without work too
  std::uint32_t blocked = 0;   ///< waiting where no signal wakes them, as a rule for a disk
  std::uint32_t stopped = 0;   ///< by a signal or a debugger
  std::uint32_t zombie = 0;    ///< ended, but nobody asked how
  std::uint32_t threads = 0;   ///< of all of them
  [[nodiscard]] std::uint32_t all() const noexcept { return running + sleeping + blocked + stopped + zombie; }
};

class ProcessScan {
 public:
  /// With `arguments` the top ones are told with their command lines, where passwords may stand.
  explicit ProcessScan(std::string proc = "/proc", bool arguments = false);

  /// Reads all processes. `io` if the directory can't be read. A process that ends meanwhile is left out.
  units::Result<ProcessCounts> scan(units::Steady now);
  /// The `most` that used most CPU since the last report (those too that ended since, as far as a scan saw it), most
  /// first, and the `most` of most memory that aren't among them. Without CPU or memory to speak of a process is left
  /// out. The next report begins here. After scan(); nothing at the first, which has no span.
  [[nodiscard]] std::optional<wire::Processes> report(std::size_t most);

  [[nodiscard]] units::Steady scanned() const noexcept { return scanned_; }  ///< when scan() last succeeded

 private:
  struct Entry {
    std::uint32_t pid = 0;
    std::uint64_t started = 0, ticks = 0, reported = 0, pages = 0;
    std::array<char, 24> name{};  ///< its beginning; programs' names have 15 bytes, kernel threads' more
    bool there = true;
  };
  struct Close {
    void operator()(DIR* directory) const noexcept { ::closedir(directory); }
  };
  void list();
  [[nodiscard]] std::optional<ProcessStat> read(std::uint32_t pid);
  void take(std::uint32_t pid, const ProcessStat& stat);
  void keep_ended(std::uint32_t before);
  [[nodiscard]] wire::Process told(const Entry& entry, double seconds) const;
  [[nodiscard]] std::string arguments_of(std::uint32_t pid) const;

  std::string proc_;
  bool with_arguments_;
  std::unique_ptr<DIR, Close> directory_;
  std::string buffer_;
  std::vector<std::uint32_t> pids_;
  std::vector<Entry> entries_, before_;  ///< by pid
  std::size_t at_ = 0;                   ///< of before_: what comes next in the scan
  std::uint32_t count_ = 0;
  units::Steady scanned_{};
  std::optional<units::Steady> reported_;
};

/// The counts as series.
class ProcessSource final : public Source {
 public:
  ProcessSource(std::string proc, bool arguments, std::function<units::Steady()> clock)
      : scan_(std::move(proc), arguments), clock_(std::move(clock)) {}
  [[nodiscard]] std::string_view name() const noexcept override { return "/proc/PID/stat"; }
  [[nodiscard]] units::Result<void> read(Draft& draft) override;
  /// For reports, which begin where the last one ended.
  [[nodiscard]] ProcessScan& scan() noexcept { return scan_; }

 private:
  ProcessScan scan_;
  std::function<units::Steady()> clock_;
  std::array<LateSeries, 5> counts_{LateSeries("system.process.count", {"status", "running"}),
                                    LateSeries("system.process.count", {"status", "sleeping"}),
                                    LateSeries("system.process.count", {"status", "blocked"}),
                                    LateSeries("system.process.count", {"status", "stopped"}),
                                    LateSeries("system.process.count", {"status", "zombie"})};
};

}  // namespace vedette::collect
