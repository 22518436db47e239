#include "agent/jobs/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <utility>
#include <vector>

#include "agent/jobs/last_lines.h"
#include "agent/jobs/report.h"
#include "agent/jobs/socket.h"

namespace vedette::jobs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array kPassedOn{SIGTERM, SIGINT, SIGHUP};

/// One of the command's outputs: a pipe that is copied to where it would have gone.
struct Output {
  int from = -1, to = -1;
};

void write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t done = ::write(fd, bytes, size);
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return;  // nobody reads it any more: the command goes on
    bytes += done;
    size -= static_cast<std::size_t>(done);
  }
}

/// In the child: never returns.
[[noreturn]] void become(std::span<const std::string> command, const sigset_t& signals, int out, int err) {
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  const int error = errno;
  const std::string said = "vedette-agent job: can't run " + command[0] + ": " + std::strerror(error) + "\n";
  write_all(STDERR_FILENO, said.data(), said.size());
  ::_exit(error == ENOENT ? 127 : 126);
}

class Running {
 public:
  Running(pid_t pid, int signals, std::array<Output, 2> outputs) : pid_(pid), signals_(signals), outputs_(outputs) {}

  /// Until the command ended and what it wrote was copied; what its children still write after that isn't waited for.
  int wait(LastLines& lines) {
    for (;;) {
      std::array<pollfd, 3> list{{{signals_, POLLIN, 0}, {outputs_[0].from, POLLIN, 0}, {outputs_[1].from, POLLIN, 0}}};
      ::poll(list.data(), list.size(), ended_ ? 0 : -1);
      bool copied = false;
      for (std::size_t n = 0; n < outputs_.size(); ++n) {
        if ((list[n + 1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) copied = copy(outputs_[n], lines) || copied;
      }
      if (ended_ && !copied) return status_;
      if ((list[0].revents & POLLIN) != 0) obey();
    }
  }

 private:
  static bool copy(Output& output, LastLines& lines) {
    std::array<char, 16'384> bytes{};
    const ssize_t size = ::read(output.from, bytes.data(), bytes.size());
    if (size <= 0) {
      ::close(std::exchange(output.from, -1));  // poll() passes over it
      return false;
    }
    write_all(output.to, bytes.data(), static_cast<std::size_t>(size));
    lines.add({bytes.data(), static_cast<std::size_t>(size)});
    return true;
  }

  void obey() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) return;
    if (info.ssi_signo != SIGCHLD) {
      ::kill(pid_, static_cast<int>(info.ssi_signo));
      return;
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) != pid_) return;
    ended_ = true;
    status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }

  pid_t pid_;
  int signals_;
  std::array<Output, 2> outputs_;
  bool ended_ = false;
  int status_ = 0;
};

bool tell(const std::string& socket, const JobReport& report, bool quietly) {
  const auto told = send(socket, report);
  if (!told && !quietly) {
    std::fprintf(stderr, "vedette-agent job: %s (the job itself isn't affected)\n", told.error().message.c_str());
  }
  return told.has_value();
}

/// Starts the command and waits for it.
int execute(std::span<const std::string> command, LastLines& lines) {
  sigset_t watched, before;
  ::sigemptyset(&watched);
  ::sigaddset(&watched, SIGCHLD);
  for (const int signal : kPassedOn) ::sigaddset(&watched, signal);
  ::sigprocmask(SIG_BLOCK, &watched, &before);
  ::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> out{}, err{};
  const int signals = ::signalfd(-1, &watched, SFD_CLOEXEC);
  const bool ready = signals >= 0 && ::pipe2(out.data(), O_CLOEXEC) == 0 && ::pipe2(err.data(), O_CLOEXEC) == 0;
  const pid_t pid = ready ? ::fork() : -1;
  if (pid < 0) {
    std::fprintf(stderr, "vedette-agent job: can't start a process: %s\n", std::strerror(errno));
    return 126;
  }
  if (pid == 0) become(command, before, out[1], err[1]);
  ::close(out[1]);
  ::close(err[1]);
  return Running(pid, signals, {{{out[0], STDOUT_FILENO}, {err[0], STDERR_FILENO}}}).wait(lines);
}

}  // namespace

int run_job(const std::string& name, std::span<const std::string> command, const std::string& socket) {
  JobReport report{.name = name,
                   .start = std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now()),
                   .end = {},
                   .text = {}};
  const bool heard = tell(socket, report, false);
  const auto began = Clock::now();
  LastLines lines;
  const int status = execute(command, lines);
  report.end = JobReport::End{std::chrono::round<units::Milliseconds>(Clock::now() - began), status};
  report.text = lines.text();
  tell(socket, report, !heard);
  return status;
}

}  // namespace vedette::jobs
