// Processes that behave as a backup doesn't: scripts in the place of the program.
#include "server/app/backup_runner.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

#include "server/app/backup_settings.h"
#include "tests/logged.h"
#include "tests/temporary_directory.h"

namespace vedette::app {
namespace {

using domain::BackupPhase;
using domain::BackupState;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr auto kRunning =
    R"(echo '{"state":"running","files":{"done":1,"total":2},"bytes":{"done":5,"total":9},"file":"a.db","doing":"copying","message":null,"damage":[]}')";

struct Scripted {
  tests::Logged log;
  tests::TemporaryDirectory directory;
  domain::SystemClock clock;
  std::optional<BackupRunner> runner;

  explicit Scripted(const std::string& script) {
    const auto program = directory / "program";
    std::ofstream(program) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
    runner.emplace(BackupSettings{.directory = directory / "backup", .place = {}, .program = program},
                   directory / "data", clock);
  }
  // Once this is what is told.
  template <class Is>
  [[nodiscard]] BackupState once(Is is) const {
    const auto deadline = steady_clock::now() + seconds(30);
    auto state = runner->state();
    while (!is(state) && steady_clock::now() < deadline) state = runner->state();
    EXPECT_TRUE(is(state)) << domain::name(state.phase) << ": " << state.message;
    return state;
  }
  [[nodiscard]] BackupState at_work() const {
    return once([](const BackupState& state) { return state.progress.file == "a.db"; });
  }
  [[nodiscard]] BackupState ended() const {
    return once([](const BackupState& state) { return state.ended.has_value(); });
  }
  BackupState run() {
    EXPECT_TRUE(runner->start("ann"));
    return ended();
  }
};

TEST(BackupRunner, TellsWhatTheProcessSays) {
  Scripted bench(std::string(kRunning) + "\nread line || echo nothing to read\nsleep 20");
  const auto begun = bench.runner->start("ann");
  ASSERT_TRUE(begun);
  EXPECT_EQ(begun->phase, BackupPhase::running);
  const auto state = bench.at_work();
  EXPECT_EQ(state.progress.files.done, 1U);
  EXPECT_EQ(state.progress.bytes.total, 9U);
  EXPECT_EQ(state.progress.doing, "copying");
  EXPECT_EQ(state.directory, (bench.directory / "backup").string());
  const auto again = bench.runner->start("ben");
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, units::ErrorCode::conflict);
  EXPECT_NE(again.error().message.find("A backup has been running since "), std::string::npos);
  ASSERT_TRUE(bench.runner->stop("ben"));
  const auto stopped = bench.ended();
  EXPECT_EQ(stopped.phase, BackupPhase::stopped);
  EXPECT_EQ(stopped.message, "stopped by ben; the next one goes on from there");
  EXPECT_EQ(stopped.progress.files.done, 1U);
  EXPECT_EQ(stopped.progress.file, "");
  EXPECT_EQ(bench.runner->state().phase, BackupPhase::stopped) << "though what it started lives on";
  EXPECT_FALSE(bench.runner->stop("ben"));
  EXPECT_TRUE(bench.log.await("backup started", "user=ann"));
  EXPECT_TRUE(bench.log.await("backup stopped", "stopped by ben"));
}

TEST(BackupRunner, GivesTheProcessItsArgumentsAndNoDescriptorOrSignalOfOurs) {
  const int open = ::open("/dev/null", O_RDONLY);  // NOLINT: it is to be inherited
  sigset_t term, before;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &term, &before);
  const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  {
    Scripted arguments("echo \"$@\"; exit 1");
    EXPECT_EQ(arguments.run().message, "backup " + (arguments.directory / "backup").string() + " --data " +
                                           (arguments.directory / "data").string() + " --progress");
  }
  // Of what the shell turns into: a shell itself opens pipes and blocks signals now and then. 3 is the listed folder.
  EXPECT_EQ(Scripted("exec ls -m /proc/self/fd").run().message, "0, 1, 2, 3");
  const auto signals = [](const std::string& which) {
    const auto words = Scripted("exec sed -n 's/^" + which + ":.//p' /proc/self/status").run().message;
    return std::stoull(words, nullptr, 16) & 0x7fff'ffffU;  // above them are the C library's own
  };
  EXPECT_EQ(signals("SigBlk"), 0U);
  EXPECT_EQ(signals("SigIgn"), 0U);
  std::signal(SIGPIPE, ignored);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(open);
}

TEST(BackupRunner, SaysWhyAProcessCameToNothing) {
  EXPECT_EQ(Scripted("exit 3").run().message, "the process that made it ended with status 3 and no words");
  EXPECT_EQ(Scripted("echo 'vedette-server: no such thing' >&2; exit 1").run().message, "no such thing");
  EXPECT_EQ(Scripted("kill -KILL $$").run().message,
            "the process that made it was ended by signal 9 (Killed); the system's log may say why");
  Scripted gone("");
  std::filesystem::remove(gone.directory / "program");
  const auto state = gone.run();
  EXPECT_EQ(state.phase, BackupPhase::failed);
  EXPECT_NE(state.message.find("program: cannot be started: No such file or directory"), std::string::npos);
  EXPECT_TRUE(gone.log.await("<3>", "backup failed", "cannot be started"));
}

TEST(BackupRunner, TakesLinesOfAnyLength) {
  const auto state = Scripted("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo {; exit 1").run();
  EXPECT_EQ(state.message, "{");
  EXPECT_EQ(Scripted("head -c 3000000 /dev/zero | tr '\\0' x; echo; exit 1").run().message.size(), 2'000U);
}

TEST(BackupRunner, KillsAProcessThatDoesntHeedTheStop) {
  Scripted bench("trap '' TERM\n" + std::string(kRunning) + "\nwhile :; do sleep 0.01; done");
  ASSERT_TRUE(bench.runner->start("ann"));
  (void)bench.at_work();
  ASSERT_TRUE(bench.runner->stop("ann"));
  EXPECT_EQ(bench.ended().phase, BackupPhase::stopped);
}

TEST(BackupRunner, EndsWithinItsTimeWhateverTheProcessDoes) {
  Scripted bench("trap '' TERM\n" + std::string(kRunning) + "\nexec >/dev/null 2>&1\nwhile :; do sleep 0.01; done");
  ASSERT_TRUE(bench.runner->start("ann"));
  (void)bench.at_work();
  const auto began = steady_clock::now();
  bench.runner->request_stop();
  EXPECT_EQ(bench.runner->start("ann").error().code, units::ErrorCode::unavailable);
  bench.runner.reset();
  EXPECT_LT(steady_clock::now() - began, seconds(3));
}

TEST(BackupRunner, SaysWhoMayWriteWhereTheDirectoryCantBeWritten) {
  Scripted bench("");
  const uid_t us = ::geteuid();
  if (us == 0) {
    ASSERT_EQ(::seteuid(65'534), 0);  // root may write everywhere
  }
  bench.runner.emplace(BackupSettings{.directory = "/usr/vedette/none", .place = {}, .program = "/bin/sh"},
                       bench.directory / "data", bench.clock);
  const auto state = bench.run();
  if (us == 0) {
    ASSERT_EQ(::seteuid(us), 0);
  }
  EXPECT_EQ(state.phase, BackupPhase::failed);
  EXPECT_NE(state.message.find("can't write to /usr: it must belong to the collector's user, and under systemd "
                               "ReadWritePaths="),
            std::string::npos)
      << state.message;
}

TEST(BackupRunner, WithoutADirectorySaysWhatToSet) {
  const domain::SystemClock clock;
  BackupRunner runner({}, "/nowhere", clock);
  EXPECT_EQ(runner.state().phase, BackupPhase::none);
  EXPECT_NE(runner.state().message.find("Set backup.directory"), std::string::npos);
  EXPECT_NE(runner.start("ann").error().message.find("Set backup.directory"), std::string::npos);
  EXPECT_EQ(runner.stop("ann").error().message, "No backup is running.");
}

TEST(BackupSettings, AreAnAbsolutePathApartFromTheData) {
  const auto words = [](const std::string& directory, const std::string& data) {
    auto file = config::File::parse("[backup]\ndirectory = \"" + directory + "\"\n", "server.toml");
    auto settings = settings_of(std::move(*file), Options{"run", {}, {{"data", data}}});
    if (!settings) return settings.error().message;
    const auto good = check_files(*settings, {});
    return good ? settings->backup.directory.string() : good.error().message;
  };
  EXPECT_EQ(words("/b", "/d"), "/b");
  EXPECT_EQ(words("/data2", "/data"), "/data2");
  EXPECT_EQ(words("b", "/d"),
            "server.toml:2: backup.directory is \"b\"; it must be an absolute path like \"/mnt/backup/vedette\"");
  EXPECT_EQ(words("", "/d").find("server.toml:2: backup.directory is \"\"; it must be an absolute"), 0U);
  EXPECT_EQ(words("/d/./", "/d"),
            "server.toml:2: backup.directory is \"/d/./\", the data directory itself; name a directory apart from it, "
            "best on another disk");
  EXPECT_NE(words("/d/x/b", "/d/").find("inside the data directory /d;"), std::string::npos) << words("/d/x/b", "/d/");
  EXPECT_NE(words("/d", "/d/x").find("around the data directory /d/x;"), std::string::npos);
  const tests::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "data");
  std::filesystem::create_directory_symlink(directory / "data", directory / "link");
  EXPECT_NE(words(directory / "link/b", directory / "data").find("inside the data directory"), std::string::npos);
}

}  // namespace
}  // namespace vedette::app
