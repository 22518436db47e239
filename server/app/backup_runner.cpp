#include "server/app/backup_runner.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>

#include "schema/units/log.h"
#include "server/app/backup_child.h"
#include "server/app/backup_state.h"

namespace vedette::app {

using domain::BackupPhase;
using domain::BackupState;
using units::ErrorCode;
using units::Result;

namespace {

constexpr const char* kNowhere =
    "No backup can be made: nothing says where to. Set backup.directory in the collector's configuration and restart "
    "it.";

void log_end(const BackupState& state) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*state.ended - *state.began).count();
  switch (state.phase) {
    case BackupPhase::done:
      return units::log_info("backup made", {{"directory", state.directory},
                                             {"files", state.progress.files.total},
                                             {"bytes", state.progress.bytes.total},
                                             {"seconds", seconds}});
    case BackupPhase::damaged:
      return units::log_warning("backup made of data in which something is damaged",
                                {{"directory", state.directory}, {"damage", state.damage.front()}});
    case BackupPhase::stopped:
      return units::log_info("backup stopped", {{"directory", state.directory}, {"why", state.message}});
    default:
      return units::log_error("backup failed", {{"directory", state.directory}, {"error", state.message}});
  }
}

}  // namespace

BackupRunner::BackupRunner(BackupSettings settings, std::filesystem::path data, const domain::Clock& clock)
    : settings_(std::move(settings)),
      data_(std::move(data)),
      clock_(clock),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] { serve(); }) {}

BackupRunner::~BackupRunner() {
  end();
  ::close(wake_);
}

void BackupRunner::end() {
  request_stop();
  if (thread_.joinable()) thread_.join();
}

void BackupRunner::request_stop() {
  shared_.with([](Shared& shared) { shared.closed = true; });
  starts_.close();
  wake();
}

void BackupRunner::wake() const {
  const std::uint64_t one = 1;
  (void)!::write(wake_, &one, sizeof one);
}

Result<BackupState> BackupRunner::start(const std::string& person) {
  if (settings_.directory.empty()) return units::fail(ErrorCode::conflict, kNowhere);
  auto begun = shared_.with([this](Shared& shared) -> Result<BackupState> {
    if (shared.closed) return units::fail(ErrorCode::unavailable, "The collector stops.");
    if (shared.state.phase == BackupPhase::running) {
      return units::fail(ErrorCode::conflict, "A backup has been running since " +
                                                  units::date_utc(*shared.state.began) +
                                                  ". GET tells how far it is, DELETE stops it.");
    }
    shared.stopped_by.clear();
    shared.state = {};
    shared.state.phase = BackupPhase::running;
    shared.state.directory = settings_.directory.string();
    shared.state.began = clock_.now();
    return shared.state;
  });
  if (!begun) return begun;
  units::log_info("backup started", {{"directory", begun->directory}, {"user", person}});
  (void)starts_.push(Start{});  // refused only when the collector stops
  return begun;
}

BackupState BackupRunner::state() const {
  auto state = shared_.with([](const Shared& shared) { return shared.state; });
  if (state.phase != BackupPhase::none) return state;
  if (!settings_.directory.empty()) return stored_state(settings_.directory);
  state.message = kNowhere;
  return state;
}

Result<void> BackupRunner::stop(const std::string& person) {
  const bool runs = shared_.with([&](Shared& shared) {
    if (shared.state.phase != BackupPhase::running) return false;
    shared.stopped_by = person;
    return true;
  });
  if (!runs) return units::fail(ErrorCode::conflict, "No backup is running.");
  wake();
  return {};
}

void BackupRunner::serve() {
  while (starts_.pop()) run();
}

void BackupRunner::run() {
  auto process = ChildProcess::start(settings_.program,
                                     {"backup", settings_.directory.string(), "--data", data_.string(), "--progress"});
  if (!process) {
    BackupState failed;
    failed.phase = BackupPhase::failed;
    failed.message = process.error().message;
    return finish(std::move(failed));
  }
  const auto wanted = [this] {
    return shared_.with([](const Shared& shared) {
      if (shared.closed) return BackupChild::Wanted::quit;
      return shared.stopped_by.empty() ? BackupChild::Wanted::yes : BackupChild::Wanted::no;
    });
  };
  const auto tell = [this](const domain::BackupProgress& progress) {
    shared_.with([&](Shared& shared) { shared.state.progress = progress; });
  };
  finish(BackupChild(std::move(*process), wake_, wanted, tell).follow());
}

void BackupRunner::finish(BackupState outcome) {
  if (outcome.phase == BackupPhase::failed) outcome.message += advice();
  const auto ended = shared_.with([&](Shared& shared) {
    auto& state = shared.state;
    const bool whole = outcome.phase == BackupPhase::done || outcome.phase == BackupPhase::damaged;
    if (outcome.phase == BackupPhase::stopped) {
      outcome.message =
          shared.stopped_by.empty() ? "stopped with the collector, or by SIGTERM" : "stopped by " + shared.stopped_by;
      outcome.message += "; the next one goes on from there";
    }
    if (whole) state.progress = outcome.progress;
    state.progress.file.clear();
    state.progress.doing.clear();
    state.message = std::move(outcome.message);
    state.damage = std::move(outcome.damage);
    state.ended = clock_.now();
    state.phase = outcome.phase;
    return state;
  });
  log_end(ended);
}

/// Where the directory can't be written, what may lie behind it.
std::string BackupRunner::advice() const {
  std::error_code error;
  auto at = settings_.directory;
  while (at.has_relative_path() && !std::filesystem::exists(at, error)) at = at.parent_path();
  if (::faccessat(AT_FDCWD, at.c_str(), W_OK, AT_EACCESS) == 0 || (errno != EROFS && errno != EACCES)) return {};
  return ". The collector can't write to " + at.string() +
         ": it must belong to the collector's user, and under systemd ReadWritePaths= of the unit must name "
         "it (docs/storage.md)";
}

}  // namespace vedette::app
