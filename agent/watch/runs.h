// How the run before this one ended, and what that says of the machine: the state directory's file `run` names the boot
// and the run, and, once we were stopped in an orderly way, why. One owner thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/watch/happening.h"
#include "schema/units/result.h"

namespace vedette::watch {

struct RunRecord {
  wire::Id128 boot{}, run{};
  std::optional<wire::GoodbyeReason> ended;  ///< absent: it was never told to stop
  bool operator==(const RunRecord&) const = default;
};

[[nodiscard]] std::string to_text(const RunRecord& run);
/// Nothing for what to_text() didn't write: a file cut short by a crash says nothing.
[[nodiscard]] std::optional<RunRecord> parse_run(std::string_view text);

/// What a start tells. `before`: of the file; `booted`, `now`: in the host's time.
[[nodiscard]] std::vector<Happening> at_start(const std::optional<RunRecord>& before, const RunRecord& present,
                                              units::Instant booted, units::Instant now);

class RunFile {
 public:
  explicit RunFile(const std::string& state) : path_(state + "/run") {}
  /// The run before; nothing if there was none, or its file can't be read.
  [[nodiscard]] std::optional<RunRecord> read() const;
  /// Replaces the file, durably: after a power cut it is the old one or this. `io` if it can't be written.
  [[nodiscard]] units::Result<void> write(const RunRecord& run) const;

 private:
  std::string path_;
};

}  // namespace vedette::watch
