// Backups for the API. Each is made by `vedette-server backup --progress`, a process of its own (decision 10); this
// keeps what it says.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <thread>

#include "server/app/child_process.h"
#include "server/app/settings.h"
#include "server/domain/backups.h"
#include "server/domain/clock.h"
#include "server/domain/guarded.h"
#include "server/domain/queue.h"

namespace vedette::app {

/// Has one thread, which reads what the process says. All methods: any thread.
class BackupRunner final : public domain::Backups {
 public:
  /// The clock must outlive the runner.
  BackupRunner(BackupSettings settings, std::filesystem::path data, const domain::Clock& clock);
  ~BackupRunner() override;
  BackupRunner(const BackupRunner&) = delete;
  BackupRunner& operator=(const BackupRunner&) = delete;

  units::Result<domain::BackupState> start(const std::string& person) override;
  [[nodiscard]] domain::BackupState state() const override;
  units::Result<void> stop(const std::string& person) override;

  /// Begins none any more and breaks off the one that runs.
  void request_stop();
  /// The same, and waits for its end: at most 1.5 s. One thread.
  void end();

 private:
  struct Shared {
    domain::BackupState state;
    std::string stopped_by;  ///< empty: nobody
    bool closed = false;     ///< request_stop() was called
  };
  struct Start {};

  void serve();
  void run();
  void finish(domain::BackupState outcome);
  void wake() const;
  [[nodiscard]] std::string advice() const;

  const BackupSettings settings_;
  const std::filesystem::path data_;
  const domain::Clock& clock_;
  const int wake_;  ///< an eventfd, readable when the thread has to look whether the run goes on
  mutable domain::Guarded<Shared> shared_;
  domain::BoundedQueue<Start> starts_{1, domain::Overflow::reject};
  std::thread thread_;
};

}  // namespace vedette::app
