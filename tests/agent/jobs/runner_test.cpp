// Real processes: each test runs `run_job` in a child of its own, with its output caught.
#include "agent/jobs/runner.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "agent/jobs/socket.h"
#include "tests/temporary_directory.h"

namespace vedette::jobs {
namespace {

struct Outcome {
  int status = 0;
  std::string out, err;
  std::vector<JobReport> reports;
};

std::string read_all(int fd) {
  std::string text;
  std::array<char, 4'096> bytes{};
  for (ssize_t size = 0; (size = ::read(fd, bytes.data(), bytes.size())) > 0;) {
    text.append(bytes.data(), static_cast<std::size_t>(size));
  }
  ::close(fd);
  return text;
}

/// `meanwhile` is called with the process once the job's beginning was reported.
Outcome ran(const std::vector<std::string>& command, bool agent = true, void (*meanwhile)(pid_t) = nullptr) {
  const tests::TemporaryDirectory directory;
  const std::string path = (directory / "jobs.sock").string();
  std::optional<JobSocket> socket;
  if (agent) socket.emplace(JobSocket::open(path).value());
  Outcome outcome;
  const auto take = [&](const units::Result<JobReport>& report, std::uint32_t user) {
    EXPECT_EQ(user, ::getuid());
    ASSERT_TRUE(report) << report.error().message;
    outcome.reports.push_back(*report);
  };
  std::array<int, 2> out{}, err{};
  EXPECT_EQ(::pipe(out.data()) + ::pipe(err.data()), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    for (const int fd : {out[0], out[1], err[0], err[1]}) ::close(fd);
    ::_exit(run_job("nightly", command, path));
  }
  ::close(out[1]);
  ::close(err[1]);
  if (meanwhile != nullptr) {
    pollfd one{socket->descriptor(), POLLIN, 0};
    EXPECT_EQ(::poll(&one, 1, 10'000), 1);
    socket->read(take);
    meanwhile(pid);
  }
  outcome.out = read_all(out[0]);
  outcome.err = read_all(err[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (socket) socket->read(take);
  return outcome;
}

TEST(Job, RunsWithItsOutputAsItIsAndTellsTheEnd) {
  const auto outcome = ran({"sh", "-c", "echo one; echo two >&2; exit 3"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.out, "one\n");
  EXPECT_EQ(outcome.err, "two\n");
  ASSERT_EQ(outcome.reports.size(), 2U);
  EXPECT_EQ(outcome.reports[0].name, "nightly");
  EXPECT_FALSE(outcome.reports[0].end);
  ASSERT_TRUE(outcome.reports[1].end);
  EXPECT_EQ(outcome.reports[1].end->status, 3);
  EXPECT_EQ(outcome.reports[1].start, outcome.reports[0].start);
  EXPECT_NE(outcome.reports[1].text.find("one"), std::string::npos);
  EXPECT_NE(outcome.reports[1].text.find("two"), std::string::npos);
}

TEST(Job, CopiesALotOfOutputWhole) {
  const auto outcome = ran({"sh", "-c", "yes 0123456789 | head -c 3000000"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out.size(), 3'000'000U);
}

TEST(Job, ThatCannotBeStartedIs127Or126AsOfAShell) {
  const auto missing = ran({"no-such-program-anywhere"});
  EXPECT_EQ(missing.status, 127);
  EXPECT_NE(missing.err.find("can't run no-such-program-anywhere: No such file"), std::string::npos) << missing.err;
  EXPECT_EQ(missing.reports.at(1).end->status, 127);
  EXPECT_EQ(ran({"/etc/passwd"}).status, 126);
}

TEST(Job, HandsSignalsOnAndTellsWhichEndedIt) {
  const auto outcome = ran({"sleep", "60"}, true, [](pid_t pid) {
    // Until the child is there a signal finds nobody to be handed to.
    for (bool asleep = false; !asleep;) {
      const std::string children = "/proc/" + std::to_string(pid) + "/task/" + std::to_string(pid) + "/children";
      std::FILE* file = std::fopen(children.c_str(), "r");
      int child = 0;
      asleep = file != nullptr && std::fscanf(file, "%d", &child) == 1;
      if (file != nullptr) std::fclose(file);
    }
    ::kill(pid, SIGTERM);
  });
  EXPECT_EQ(outcome.status, 128 + SIGTERM);
  EXPECT_EQ(outcome.reports.back().end->status, 128 + SIGTERM);
}

TEST(Job, IsTheSameWithoutAnAgentAndSaysSoOnce) {
  const auto outcome = ran({"sh", "-c", "exit 5"}, false);
  EXPECT_EQ(outcome.status, 5);
  EXPECT_NE(outcome.err.find("the agent can't be told"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.err.find("can't be told"), outcome.err.rfind("can't be told"));
}

TEST(Job, DoesNotWaitForWhatItLeftInTheBackground) {
  const auto outcome = ran({"sh", "-c", "sleep 3 & echo started"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.reports.size(), 2U);
}

TEST(JobSocket, TakesWhatIsNoReportForWhatItIs) {
  const tests::TemporaryDirectory directory;
  const std::string path = (directory / "jobs.sock").string();
  auto socket = JobSocket::open(path).value();
  JobReport report{.name = "no name", .start = {}, .end = {}, .text = {}};
  ASSERT_TRUE(send(path, report));
  int faults = 0;
  socket.read([&](const auto& taken, std::uint32_t) { faults += taken ? 0 : 1; });
  EXPECT_EQ(faults, 1);
  EXPECT_TRUE(JobSocket::open(path)) << "in the place of one that an agent left behind";
  EXPECT_FALSE(JobSocket::open(std::string(200, 'x')));
  EXPECT_EQ(send((directory / "away").string(), report).error().code, units::ErrorCode::unavailable);
}

}  // namespace
}  // namespace vedette::jobs
