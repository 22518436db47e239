// Writes what load_identity() reads. In two steps, so that an enrolment token, which is good once, is only spent where
// the key it gives can be kept. One thread.
#pragma once

#include <string>

#include "agent/config/config.h"

namespace vedette::config {

class IdentityWriter {
 public:
  /// Makes the directory (0700) if it is missing, opens the new file (0600) beside agent.toml and takes its room on the
  /// disk. A directory that exists stays as it is; `forbidden` if others than its owner may write to it, for they could
  /// give this machine another identity. `io` for what the system refuses. Only one writer a directory at a time.
  [[nodiscard]] static units::Result<IdentityWriter> prepare(const std::string& state);

  /// Replaces state/agent.toml atomically and durably. The file gets the directory's owner, so that root may enrol for
  /// the service's user. Once.
  [[nodiscard]] units::Result<void> store(const Identity& identity);

  /// What wasn't stored leaves nothing behind.
  ~IdentityWriter();
  IdentityWriter(IdentityWriter&& other) noexcept;
  IdentityWriter(const IdentityWriter&) = delete;
  IdentityWriter& operator=(const IdentityWriter&) = delete;

 private:
  explicit IdentityWriter(std::string state) : state_(std::move(state)) {}
  units::Result<void> open_directory();
  units::Result<void> open_file();

  std::string state_;
  int directory_ = -1;  ///< also holds the lock
  int file_ = -1;       ///< until stored
  bool made_ = false;   ///< the directory is ours
};

}  // namespace vedette::config
