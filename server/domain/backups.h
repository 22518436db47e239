// api -> app: backups that the running collector makes of its own data, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schema/units/result.h"
#include "schema/units/time.h"

namespace vedette::domain {

enum class BackupPhase : std::uint8_t {
  none,     ///< there is no backup
  running,  ///< one is being made
  done,     ///< it is whole
  damaged,  ///< it is as good as the data, in which something was damaged already
  failed,   ///< it isn't finished; the one before it is as it was
  stopped,  ///< by a person; likewise
};
/// "none", "running" …
[[nodiscard]] std::string_view name(BackupPhase phase) noexcept;
[[nodiscard]] std::optional<BackupPhase> parse_backup_phase(std::string_view text) noexcept;

struct BackupProgress {
  struct Count {
    std::uint64_t done = 0;
    std::uint64_t total = 0;  ///< as far as it is known yet: files grow and go while they are copied
  };
  Count files, bytes;
  std::string file;   ///< which is worked on, "raw-20261124.db"; empty before and after
  std::string doing;  ///< "comparing" with the backup before, "copying", "checking" the copy; empty before and after
};

/// A run that goes on, or what the last one came to.
struct BackupState {
  BackupPhase phase = BackupPhase::none;
  std::string directory;  ///< empty: none is configured
  std::optional<units::Instant> began, ended;
  BackupProgress progress;
  std::string message;              ///< for people: what it came to, and what to do
  std::vector<std::string> damage;  ///< what was damaged in the data already
};

/// Any thread.
class Backups {
 public:
  virtual ~Backups() = default;
  /// Begins one and returns at once. `conflict` if one runs, or nothing says where to. `person` is for the log.
  virtual units::Result<BackupState> start(const std::string& person) = 0;
  /// Of the run of this collector; before its first one, what the directory holds. Reads a file then.
  [[nodiscard]] virtual BackupState state() const = 0;
  /// Ends the one that runs, soon; the next one goes on where it stopped. `conflict` if none runs.
  virtual units::Result<void> stop(const std::string& person) = 0;
};

}  // namespace vedette::domain
