// All sources together: one call, one tick. Owner: the agent's main thread. Never blocks on a mount or a sensor.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/collect/cgroups.h"
#include "agent/collect/processes.h"
#include "agent/collect/roster.h"
#include "agent/collect/source.h"
#include "agent/collect/textfile.h"
#include "agent/collect/usage.h"
#include "schema/metrics/catalogue.h"

namespace vedette::collect {

struct CollectorOptions {
  std::string proc = "/proc";
  std::string sys = "/sys";
  std::string root{};              ///< before /var and other folders: "" but in tests
  metrics::Groups groups;          ///< what is measured
  bool process_arguments = false;  ///< ProcessScan's
  CgroupOptions cgroups{};
  TextfileOptions textfile{};
  std::unique_ptr<Source> jobs{};  ///< what was reported of jobs; null: nothing is
  AskUsage ask_usage = ask_statvfs;
  std::function<units::Steady()> clock = std::chrono::steady_clock::now;
};

class Collector {
 public:
  explicit Collector(CollectorOptions options = {});

  /// Reads every source that is due and repeats the last values of the others: most are read at each tick, slow ones
  /// every 10 s, each in a tick of its own where there are enough. Cells by the roster's numbers; what can't be read
  /// now is absent. A source that begins to fail is logged once, and again when it is back; one that this machine
  /// merely lacks (no PSI in the kernel, no ZFS) is looked for once a minute without a word. Allocates nothing once
  /// all series are known and `cells` has room, but where a source that asks a helper thread is due.
  void collect(std::vector<metrics::Cell>& cells);
  [[nodiscard]] std::vector<metrics::Cell> collect();

  /// Nothing is awaited from a helper thread any more: the next tick tells all there is.
  [[nodiscard]] bool settled() const;
  /// One more, read at each tick.
  void add(std::unique_ptr<Source> source);
  /// See Roster::adopt.
  SeriesNumber adopt(const metrics::Series& series) { return roster_.adopt(series); }

  [[nodiscard]] const Roster& roster() const noexcept { return roster_; }
  /// Null where the group is switched off.
  [[nodiscard]] ProcessScan* processes() noexcept { return processes_ == nullptr ? nullptr : &processes_->scan(); }
  [[nodiscard]] std::uint64_t failures() const noexcept { return failures_; }  ///< reads that gave an error

 private:
  enum class Turn : std::uint8_t { repeat, settle, read };
  struct Plan {
    std::unique_ptr<Source> source;
    units::Milliseconds every;  ///< 0: at each tick
    bool optional;              ///< many machines lack it
    units::Steady due;          ///< of the next reading
    Turn turn = Turn::repeat;
    bool failing = false;
  };

  void add_sources(CollectorOptions& options);
  void add(std::unique_ptr<Source> source, units::Milliseconds every, bool optional);
  void decide_turns(units::Steady now);
  void read(Plan& plan, Draft& draft, units::Steady now);

  std::function<units::Steady()> clock_;
  Roster roster_;
  std::vector<Plan> plans_;
  ProcessSource* processes_ = nullptr;  ///< one of plans_
  std::vector<metrics::Cell> cells_;    ///< the last tick
  std::uint64_t failures_ = 0;
  bool spread_ = false;  ///< the slow sources have their own ticks
};

}  // namespace vedette::collect
