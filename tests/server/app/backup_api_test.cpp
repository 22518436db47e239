// Backups that a running collector makes over its API, while it takes in ticks; made by the real program.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "server/app/control_socket.h"
#include "server/domain/file_lock.h"
#include "tests/logged.h"
#include "tests/server/app/backup_world.h"
#include "tests/server/app/live_world.h"

namespace vedette::app {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr std::uint64_t kTicks = 12'000;  // of days from 2026-11-23 on, three of which are full

// A process that keeps all others from opening a database anew, as long as it lives: a backup waits there for five
// seconds. Made once the collector has the database open.
class Held {
 public:
  explicit Held(const std::filesystem::path& database) : pid_(::fork()) {
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      constexpr off_t kPendingByte = 0x40000000;  // of SQLite's file format
      const int fd = ::open(database.c_str(), O_RDWR | O_CLOEXEC);
      struct flock lock{};
      lock.l_type = F_WRLCK;
      lock.l_start = kPendingByte;
      lock.l_len = 1;
      if (::fcntl(fd, F_SETLK, &lock) != 0) ::_exit(1);
      ::raise(SIGSTOP);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
    EXPECT_TRUE(WIFSTOPPED(status)) << "it has the lock";
  }
  ~Held() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

 private:
  pid_t pid_;
};

// A collector over days of ticks, and eve, its administrator.
struct ApiWorld {
  tests::Logged log;
  BackupWorld history;
  Bench bench;
  const std::filesystem::path data = bench.directory / "data", target = bench.directory / "backup";
  std::unique_ptr<Collector> collector;
  std::unique_ptr<Agent> agent;
  std::string cookie;

  ApiWorld() {
    history.fill(kTicks);
    std::filesystem::rename(history.data, data);
  }
  void start(const std::filesystem::path& directory) {
    Settings settings = bench.settings();
    settings.keep.ages.fill(std::chrono::days(3650));  // whatever the day, the ticks stay
    settings.backup = {.directory = directory, .place = {}, .program = VEDETTE_SERVER_PROGRAM};
    collector = bench.start(std::move(settings));
    ASSERT_TRUE(collector);
    agent = std::make_unique<Agent>(bench, *collector);
    cookie = login("eve", "administrator");
  }
  std::string login(const std::string& name, const std::string& role) const {
    // Known already after a restart.
    (void)bench.ask({"user add", {name}, {{"role", role}, {"password-stdin", ""}}}, "correct horse");
    return cookie_of(post(*collector, "/api/v1/session", {{"user", name}, {"password", "correct horse"}}));
  }
  // Status and body.
  std::pair<int, json> ask(const std::string& method, const std::string& as) const {
    Client client(collector->port());
    client.write(method + " /api/v1/backup HTTP/1.1\r\nHost: localhost\r\nOrigin: https://localhost\r\n" +
                 "X-Requested-With: vedette\r\nContent-Length: 0\r\nCookie: " + as + "\r\n\r\n");
    const std::string answer = client.response();
    const std::string body = body_of(answer);
    return {std::stoi(answer.substr(9, 3)), body.empty() ? json() : json::parse(body)};
  }
  std::pair<int, json> ask(const std::string& method) const { return ask(method, cookie); }
  // The state, once it is this; ticks come all the time.
  template <class Is>
  json once(Is is) const {
    const auto deadline = steady_clock::now() + seconds(60);
    json state = ask("GET").second;
    while (!is(state) && steady_clock::now() < deadline) {
      agent->tick();
      state = ask("GET").second;
    }
    EXPECT_TRUE(is(state)) << state.dump();
    return state;
  }
  json ended() const {
    return once([](const json& state) { return state.at("state") != "running"; });
  }
  json at_work_on(const std::string& file) const {
    return once([&](const json& state) { return state.at("file") == file && state.at("doing") == "copying"; });
  }
  // Restored, it is whole and has all the ticks.
  void expect_whole_backup() const {
    std::filesystem::remove_all(history.back);
    std::string said;
    const auto done = restore(target, history.back, [&](const std::string& line) { said += line + "\n"; });
    ASSERT_TRUE(done && *done) << (done ? said : done.error().message);
    EXPECT_NE(history.check_words(history.back).find(": whole"), std::string::npos)
        << history.check_words(history.back);
    expect_ticks(*history::opened(history.options(history.back), kLater), kTicks);
  }
};

TEST(BackupApi, MakesAWholeBackupWhileTicksComeIn) {
  ApiWorld world;
  world.start(world.target);
  auto [status, state] = world.ask("GET");
  EXPECT_EQ(status, 200);
  EXPECT_EQ(state.at("state"), "none");
  EXPECT_NE(state.at("message").get<std::string>().find("holds no backup"), std::string::npos);
  EXPECT_EQ(world.ask("DELETE").first, 409);
  std::tie(status, state) = world.ask("POST");
  EXPECT_EQ(status, 202) << state.dump();
  EXPECT_EQ(state.at("state"), "running");
  const json done = world.ended();
  EXPECT_EQ(done.at("state"), "done") << done.dump();
  EXPECT_EQ(done.at("directory"), world.target.string());
  EXPECT_GE(done.at("ended"), done.at("began"));
  EXPECT_EQ(done.at("files").at("done"), done.at("files").at("total"));
  EXPECT_GT(done.at("bytes").at("total"), 100'000);
  EXPECT_EQ(done.at("bytes").at("done"), done.at("bytes").at("total"));
  EXPECT_TRUE(world.log.await("backup started", "user=eve"));
  EXPECT_TRUE(world.log.await("backup made", "files="));
  world.expect_whole_backup();
  // A collector that has made none yet tells of it.
  world.collector.reset();
  world.collector = world.bench.start([&] {
    Settings settings = world.bench.settings();
    settings.backup.directory = world.target;
    return settings;
  }());
  const json stored = world.ask("GET").second;
  EXPECT_EQ(stored.at("state"), "done");
  EXPECT_EQ(stored.at("bytes"), done.at("bytes"));
}

TEST(BackupApi, StoppedIsGoneOnWithByTheNext) {
  ApiWorld world;
  world.start(world.target);
  std::optional<Held> held(world.data / "raw-20261125.db");
  ASSERT_EQ(world.ask("POST").first, 202);
  const json at = world.at_work_on("raw-20261125.db");
  EXPECT_EQ(at.at("files").at("done"), 2) << "the two days before it";
  EXPECT_LT(at.at("bytes").at("done"), at.at("bytes").at("total"));
  const auto [status, problem] = world.ask("POST");
  EXPECT_EQ(status, 409);
  EXPECT_NE(problem.at("detail").get<std::string>().find("has been running since"), std::string::npos);
  EXPECT_EQ(world.ask("DELETE").first, 204);
  const json stopped = world.ended();
  EXPECT_EQ(stopped.at("state"), "stopped");
  EXPECT_EQ(stopped.at("message"), "stopped by eve; the next one goes on from there");
  held.reset();
  const auto copied = std::filesystem::last_write_time(world.target / "raw-20261123.db");
  ASSERT_EQ(world.ask("POST").first, 202);
  const json done = world.ended();
  EXPECT_EQ(done.at("state"), "done") << done.dump();
  EXPECT_EQ(std::filesystem::last_write_time(world.target / "raw-20261123.db"), copied) << "it isn't copied again";
  world.expect_whole_backup();
}

TEST(BackupApi, EndsWithTheCollectorWithinItsThreeSeconds) {
  ApiWorld world;
  world.start(world.target);
  std::optional<Held> held(world.data / "raw-20261125.db");
  ASSERT_EQ(world.ask("POST").first, 202);
  (void)world.at_work_on("raw-20261125.db");
  EXPECT_FALSE(domain::FileLock::take(world.target / "lock")) << "it is being written";
  const auto began = steady_clock::now();
  world.collector->stop();
  EXPECT_LT(steady_clock::now() - began, seconds(3));
  EXPECT_TRUE(domain::FileLock::take(world.target / "lock")) << "nobody writes it";
  held.reset();
  world.collector.reset();
  world.start(world.target);
  ASSERT_EQ(world.ask("POST").first, 202);
  EXPECT_EQ(world.ended().at("state"), "done");
  world.expect_whole_backup();
}

TEST(BackupApi, NamesWhatWasDamagedAlready) {
  ApiWorld world;
  damage_a_chunk(world.data / "raw-20261123.db");
  world.start(world.target);
  ASSERT_EQ(world.ask("POST").first, 202);
  const json state = world.ended();
  EXPECT_EQ(state.at("state"), "damaged") << state.dump();
  ASSERT_EQ(state.at("damage").size(), 1U) << state.dump();
  EXPECT_TRUE(state.at("damage")[0].get<std::string>().starts_with("raw-20261123.db, host 7, 2026-11-23 08:00:00 UTC"))
      << state.dump();
  EXPECT_EQ(state.at("files").at("done"), state.at("files").at("total"));
}

TEST(BackupApi, SaysWhyItCantBeMade) {
  ApiWorld world;
  std::filesystem::create_directory(world.target);
  std::ofstream(world.target / "letters") << "mine";
  world.start(world.target);
  ASSERT_EQ(world.ask("POST").first, 202);
  json state = world.ended();
  EXPECT_EQ(state.at("state"), "failed");
  EXPECT_NE(state.at("message").get<std::string>().find("holds other things than a backup"), std::string::npos);
  std::filesystem::remove(world.target / "letters");
  const auto lock = domain::FileLock::take(world.target / "lock");  // as another run has it
  ASSERT_TRUE(lock);
  ASSERT_EQ(world.ask("POST").first, 202);
  state = world.ended();
  EXPECT_EQ(state.at("state"), "failed");
  EXPECT_NE(state.at("message").get<std::string>().find("another backup is being written to"), std::string::npos);
}

TEST(BackupApi, IsForAdministratorsOnly) {
  ApiWorld world;
  world.start(world.target);
  for (const char* role : {"viewer", "operator"}) {
    const std::string other = world.login(role, role);
    for (const char* method : {"POST", "GET", "DELETE"}) EXPECT_EQ(world.ask(method, other).first, 403) << method;
  }
  for (const char* method : {"POST", "GET", "DELETE"}) EXPECT_EQ(world.ask(method, "sid=none").first, 401) << method;
  EXPECT_EQ(world.ask("GET").second.at("state"), "none");
  EXPECT_FALSE(std::filesystem::exists(world.target));
}

TEST(BackupApi, WithoutADirectorySaysWhatToSet) {
  ApiWorld world;
  world.start({});
  const auto [status, problem] = world.ask("POST");
  EXPECT_EQ(status, 409);
  EXPECT_NE(problem.at("detail").get<std::string>().find("Set backup.directory"), std::string::npos);
  const json state = world.ask("GET").second;
  EXPECT_EQ(state.at("state"), "none");
  EXPECT_TRUE(state.at("directory").is_null());
}

}  // namespace
}  // namespace vedette::app
