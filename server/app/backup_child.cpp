#include "server/app/backup_child.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>

#include "schema/units/utf8.h"
#include "server/app/backup_state.h"

namespace vedette::app {

using domain::BackupPhase;
using domain::BackupState;

namespace {

constexpr std::chrono::milliseconds kPatience{1000}, kKilled{500};
constexpr std::size_t kLongestLine = 1U << 18;  // a hundred lines of damage fit
constexpr std::size_t kLongestWords = 2'000;

}  // namespace

BackupChild::BackupChild(ChildProcess process, int wake, std::function<Wanted()> wanted,
                         std::function<void(const domain::BackupProgress&)> tell)
    : process_(std::move(process)), wake_(wake), wanted_(std::move(wanted)), tell_(std::move(tell)) {}

BackupState BackupChild::follow() {
  look();
  while (wait()) {
  }
  return outcome();
}

/// False once it has ended, or was given up.
bool BackupChild::wait() {
  int timeout = -1;
  if (patience_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*patience_ - Clock::now());
    timeout = static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }
  std::array<pollfd, 3> ready{
      {{silent_ ? -1 : process_.output(), POLLIN, 0}, {process_.exited(), POLLIN, 0}, {wake_, POLLIN, 0}}};
  if (::poll(ready.data(), ready.size(), timeout) < 0) return errno == EINTR;
  if (ready[1].revents != 0) {
    while (read() > 0) {
    }
    return false;
  }
  if (ready[0].revents != 0 && read() == 0) {
    silent_ = true;
    if (process_.exited() < 0) return false;
  }
  if (ready[2].revents != 0) look();
  if (patience_ && Clock::now() >= *patience_) hurry();
  return !given_up_;
}

/// How many bytes there were: 0 at the end, below it if there are none now.
std::ptrdiff_t BackupChild::read() {
  std::array<char, 16'384> part{};
  ssize_t count = 0;
  do count = ::read(process_.output(), part.data(), part.size());
  while (count < 0 && errno == EINTR);
  if (count <= 0) return count;
  for (const char byte : std::string_view(part.data(), static_cast<std::size_t>(count))) {
    if (byte == '\n') {
      take_line(std::exchange(line_, {}));
    } else if (line_.size() < kLongestLine) {
      line_ += byte;
    }
  }
  return count;
}

void BackupChild::take_line(std::string_view line) {
  auto state = parse_state(line);
  if (!state) {
    constexpr std::string_view kProgram = "vedette-server: ";
    if (line.starts_with(kProgram)) line.remove_prefix(kProgram.size());
    if (!line.empty()) words_ = units::cut_utf8(line, kLongestWords);
  } else if (state->phase == BackupPhase::running) {
    tell_(state->progress);
  } else {
    result_ = std::move(*state);
  }
}

/// Is it wanted still?
void BackupChild::look() {
  std::uint64_t count = 0;
  (void)!::read(wake_, &count, sizeof count);
  seen_ = wanted_();
  if (seen_ == Wanted::yes || patience_ || killed_) return;
  process_.signal(SIGTERM);
  patience_ = Clock::now() + kPatience;
}

void BackupChild::hurry() {
  given_up_ = killed_ && seen_ == Wanted::quit;
  if (killed_) return patience_.reset();
  killed_ = true;
  process_.signal(SIGKILL);
  patience_ = Clock::now() + kKilled;
}

BackupState BackupChild::outcome() {
  const auto ended = given_up_ ? ChildProcess::Ended{.status = 0, .signal = SIGKILL} : process_.wait();
  if (!line_.empty()) take_line(std::exchange(line_, {}));
  if (result_) return std::move(*result_);
  BackupState state;
  // With SIGTERM also by others: a service manager that stops the collector tells each of its processes.
  if (ended.signal == SIGTERM || (seen_ != Wanted::yes && ended.signal > 0)) {
    state.phase = BackupPhase::stopped;
    return state;
  }
  state.phase = BackupPhase::failed;
  state.message = words_;
  if (ended.signal > 0) {
    const char* what = ::sigdescr_np(ended.signal);
    state.message = "the process that made it was ended by signal " + std::to_string(ended.signal) + " (" +
                    (what == nullptr ? "unknown" : what) + "); the system's log may say why";
  } else if (words_.empty()) {
    state.message = "the process that made it ended with status " + std::to_string(ended.status) + " and no words";
  }
  return state;
}

}  // namespace vedette::app
