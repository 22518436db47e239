#include "server/app/child_process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

#include "server/domain/file_fault.h"

namespace vedette::app {
namespace {

/// What posix_spawn is told beside program and arguments. Each call fails only where memory ran out; then so does the
/// spawn.
class Setup {
 public:
  explicit Setup(int output) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // Last of the three: where we have no standard input, the pipe may have got its number.
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  }
  Setup(const Setup&) = delete;
  Setup& operator=(const Setup&) = delete;
  ~Setup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::unexpected<units::Error> fault(const std::filesystem::path& program, int error) {
  return units::fail(units::ErrorCode::io, program.string() + ": " + domain::file_fault("cannot be started", error));
}

}  // namespace

units::Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program,
                                                const std::vector<std::string>& arguments) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return fault(program, errno);
  std::vector<std::string> words{program.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_t pid = 0;
  ::fcntl(pipe[0], F_SETFL, O_NONBLOCK);
  const Setup setup(pipe[1]);
  const int error = ::posix_spawn(&pid, program.c_str(), setup.actions(), setup.attributes(), pointers.data(), environ);
  ::close(pipe[1]);
  if (error == 0) return ChildProcess(pid, pipe[0]);
  ::close(pipe[0]);
  return fault(program, error);
}

ChildProcess::ChildProcess(pid_t pid, int output) noexcept
    : pid_(pid), output_(output), exited_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      output_(std::exchange(other.output_, -1)),
      exited_(std::exchange(other.exited_, -1)) {}

ChildProcess::~ChildProcess() {
  signal(SIGKILL);
  for (const int fd : {output_, exited_}) {
    if (fd >= 0) ::close(fd);
  }
}

void ChildProcess::signal(int number) const noexcept {
  if (pid_ > 0) ::kill(pid_, number);
}

ChildProcess::Ended ChildProcess::wait() noexcept {
  siginfo_t how{};
  while (::waitid(P_PID, static_cast<id_t>(pid_), &how, WEXITED) != 0 && errno == EINTR) {
  }
  pid_ = 0;
  if (how.si_code == CLD_EXITED) return {.status = how.si_status, .signal = 0};
  return {.status = 0, .signal = how.si_status};
}

}  // namespace vedette::app
