#include "server/app/backup_command.h"

#include <sys/resource.h>

#include <iostream>

#include "server/api/backup_json.h"
#include "server/app/backup.h"
#include "server/app/backup_state.h"

namespace vedette::app {

using domain::BackupPhase;
using domain::BackupState;
using units::Result;

namespace {

constexpr int kNice = 10;

void print(const std::string& line) {
  std::cout << line << std::endl;  // at once: a backup may take its time
}

Result<bool> run_with_progress(Backup backup) {
  ::setpriority(PRIO_PROCESS, 0, kNice);  // beside a collector; if it can't be lowered it runs as it is
  BackupState state;
  state.phase = BackupPhase::running;
  state.directory = backup.directory.string();
  state.began = backup.clock.now();
  backup.say = [](const std::string&) {};
  backup.tell = [&state](const domain::BackupProgress& progress) {
    state.progress = progress;
    print(api::to_json(state));
  };
  auto whole = backup.run();
  if (whole) {
    state = stored_state(backup.directory);
  } else {
    state.phase = BackupPhase::failed;
    state.ended = backup.clock.now();
    state.message = whole.error().message;
  }
  print(api::to_json(state));
  return whole;
}

}  // namespace

int run_backup(const Options& options, const Settings& settings) {
  const domain::SystemClock clock;
  const Backup backup{settings.data, options.words[0], clock, print};
  const auto whole = options.has("progress") ? run_with_progress(backup) : backup.run();
  if (!whole) std::cerr << "vedette-server: " << whole.error().message << '\n';
  return whole && *whole && std::cout ? 0 : 1;
}

}  // namespace vedette::app
