#include "agent/app/run.h"

#include <malloc.h>
#include <openssl/rand.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <vector>

#include "agent/app/bridge.h"
#include "agent/app/failed_units.h"
#include "agent/app/first_enrolment.h"
#include "agent/app/job_desk.h"
#include "agent/app/notices.h"
#include "agent/app/process_watch.h"
#include "agent/app/service.h"
#include "agent/app/sleep_watch.h"
#include "agent/app/spool_source.h"
#include "agent/app/way.h"
#include "agent/collect/container.h"
#include "agent/collect/facts.h"
#include "agent/config/config.h"
#include "agent/link/link.h"
#include "agent/spool/directory.h"
#include "schema/units/host_id.h"
#include "schema/units/log.h"

namespace vedette::app {
namespace {

using units::Steady;

std::chrono::nanoseconds clock_now(clockid_t clock) {
  timespec at{};
  ::clock_gettime(clock, &at);
  return std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec};
}

/// CLOCK_BOOTTIME: it goes on while the machine is suspended, so that such a gap stays one.
Steady now() {
  return Steady{clock_now(CLOCK_BOOTTIME)};
}

units::Instant wall() {
  return std::chrono::floor<units::Milliseconds>(std::chrono::system_clock::now());
}

double random_fraction() {
  std::uint32_t bits = 0;
  RAND_bytes(reinterpret_cast<unsigned char*>(&bits), sizeof bits);
  return static_cast<double>(bits) / 4294967296.0;
}

/// A descriptor that becomes readable when one of these signals comes. Other ones to us wait for who watches them next.
int watched(std::initializer_list<int> signals) {
  sigset_t ours, these;
  ::sigemptyset(&ours);
  ::sigemptyset(&these);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&ours, signal);
  for (const int signal : signals) ::sigaddset(&these, signal);
  ::sigprocmask(SIG_BLOCK, &ours, nullptr);
  return ::signalfd(-1, &these, SFD_NONBLOCK | SFD_CLOEXEC);
}

void wait(std::vector<pollfd>& list, Steady until) {
  const auto left = std::max(std::chrono::nanoseconds{0}, std::chrono::nanoseconds(until - now()));
  const timespec limit{.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
  ::ppoll(list.data(), list.size(), &limit, nullptr);
}

class Loop {
 public:
  struct Parts {
    Bridge& bridge;
    Notices& notices;
    ProcessWatch& processes;
    JobDesk& jobs;
    FailedUnits* failed_units;  ///< null: they aren't asked for
    sample::Schedule& schedule;
    link::Link& link;
  };
  /// `may_reload`: is the configuration a good one? Says so if it isn't.
  Loop(const Parts& parts, std::function<bool()> may_reload)
      : parts_(parts), may_reload_(std::move(may_reload)), signals_(watched({SIGTERM, SIGINT, SIGHUP})) {}
  ~Loop() { ::close(signals_); }
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  enum class Ended : std::uint8_t { stopped, to_reload };
  [[nodiscard]] Ended run() {
    const auto watchdog = watchdog_interval();
    notify_service_manager("READY=1");
    Steady alive_due = now();
    while (!parts_.link.gone()) {
      Steady until = std::min(stopping_ ? Steady::max() : parts_.schedule.due(), parts_.link.deadline());
      if (watchdog) until = std::min(until, alive_due);
      list_.assign({{signals_, POLLIN, 0}, {parts_.jobs.descriptor(), POLLIN, 0}});
      parts_.link.interests(list_);
      wait(list_, until);
      notice_sleep();
      turn();
      if (watchdog && now() >= alive_due) {
        notify_service_manager("WATCHDOG=1");
        alive_due = now() + *watchdog;
      }
    }
    return ended_;
  }

 private:
  void notice_sleep() {
    const auto asleep = sleep_.step(clock_now(CLOCK_BOOTTIME), clock_now(CLOCK_MONOTONIC));
    if (asleep.count() == 0) return;
    units::log_info("this machine was asleep; nothing was measured meanwhile",
                    {{"seconds", std::chrono::round<std::chrono::seconds>(asleep).count()}});
    parts_.link.woke(asleep, now());
  }

  void turn() {
    if ((list_[0].revents & POLLIN) != 0) obey();
    if ((list_[1].revents & POLLIN) != 0) {
      parts_.jobs.take(parts_.schedule.host_time(now()), parts_.notices.outbox());
    }
    if (!stopping_ && now() >= parts_.schedule.due()) {
      parts_.bridge.take_tick(now());
      parts_.notices.look(parts_.schedule.host_time(now()), wall(), now());
      take_failed_units();
      parts_.processes.look(parts_.schedule.host_time(now()), now());
    }
    parts_.link.step(now());
    parts_.bridge.set_connected(parts_.link.connected());
  }

  void take_failed_units() {
    const auto failed = parts_.failed_units == nullptr ? std::nullopt : parts_.failed_units->take_news();
    if (failed) parts_.notices.take_failed_units(*failed, parts_.schedule.host_time(now()), now());
  }

  void obey() {
    signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != sizeof info) return;
    if (info.ssi_signo != SIGHUP) {
      ended_ = Ended::stopped;  // also while we are leaving to reload
      if (!stopping_) leave(reason_of_stop());
    } else if (!stopping_ && may_reload_()) {
      ended_ = Ended::to_reload;
      leave(wire::GoodbyeReason::upgrade);
    }
  }

  void leave(wire::GoodbyeReason reason) {
    stopping_ = true;
    notify_service_manager(ended_ == Ended::stopped ? "STOPPING=1" : "RELOADING=1");
    constexpr std::array kWords{"service stop", "upgrade", "host shutdown", "reboot"};
    units::log_info("stopping", {{"reason", kWords[static_cast<std::size_t>(reason)]}});
    parts_.notices.stopping(reason);
    parts_.link.leave(reason, now());
  }

  Parts parts_;
  std::function<bool()> may_reload_;
  int signals_;
  bool stopping_ = false;
  Ended ended_ = Ended::stopped;
  SleepWatch sleep_{clock_now(CLOCK_BOOTTIME), clock_now(CLOCK_MONOTONIC)};
  std::vector<pollfd> list_;
};

int refused(const units::Error& error, int code) {
  units::log_error(error.message);
  return code;
}

/// Ticks are kept in memory while the disk can't be written.
constexpr units::Bytes kMostInMemory = units::mib(4);

units::Milliseconds clock_base(const sample::Schedule& schedule, Steady at) {
  return schedule.host_time(at).time_since_epoch() - std::chrono::floor<units::Milliseconds>(at.time_since_epoch());
}

/// What is to become of the process: its exit code, or nothing: the configuration is to be read anew.
using Outcome = std::optional<int>;

Outcome run_with(const config::Config& config, const std::string& state, const config::Identity& identity,
                 std::function<bool()> may_reload) {
  const auto way = way_of(config, identity);
  if (!way) return refused(way.error(), kConfigError);
  const auto host = units::parse_host_id(identity.host_id);
  if (!host) {
    return refused(
        {units::ErrorCode::corrupt, state + "/agent.toml: host_id must be 32 hex digits; enrol this machine again"},
        kConfigError);
  }
  const Steady start = now();
  sample::Schedule schedule(wall(), start, config.interval);
  const wire::Id128 boot = collect::read_boot_id(), run = random_id();
  JobDesk jobs(state, run);
  if (config.groups.has(metrics::Group::jobs)) jobs.open(config.job_socket);
  const auto host_time = [&schedule] { return schedule.host_time(now()); };
  collect::Collector collector({.groups = config.groups,
                                .process_arguments = config.process_arguments,
                                .cgroups = {config.cgroups_limit},
                                .textfile = {config.textfile_directory, config.textfile_series},
                                .jobs = jobs.source(host_time),
                                .clock = now});
  const spool::Origin origin{.host = host->bytes, .boot = boot, .run = run, .clock_base = clock_base(schedule, start)};
  spool::Directory directory(state + "/spool");
  spool::Journal journal(directory, {config.spool_size, config.spool_age}, origin,
                         [&collector] { return collector.roster().series(); });
  spool::Spool spool(random_stream(), {std::min(config.spool_size, kMostInMemory), config.spool_age}, &journal);
  collector.add(std::make_unique<SpoolSource>(spool));
  FailedUnits* failed_units = nullptr;
  if (config.groups.has(metrics::Group::machine)) {
    auto source = std::make_unique<FailedUnits>(now);
    failed_units = source.get();
    collector.add(std::move(source));
  }
  Notices notices(state, boot, run, collect::started_after_kernel());
  ProcessWatch processes(run, config.processes ? collector.processes() : nullptr);
  Bridge bridge(collector, schedule, spool, {notices.outbox(), processes.outbox()},
                {boot, run, config.name.empty() ? identity.hostname : config.name});
  link::Link link({.address = way->collectors.front(),
                   .pin = way->reach.pin,
                   .key = identity.key,
                   .version = VEDETTE_VERSION,
                   .random = random_fraction,
                   .others = {way->collectors.begin() + 1, way->collectors.end()},
                   .proxy = way->reach.proxy,
                   .tags = config.tags.empty() ? identity.tags : config.tags},
                  bridge, bridge);
  units::log_info("started", {{"version", VEDETTE_VERSION}, {"collector", to_text(way->collectors)}});
  if (const std::string note = collect::container_note(); !note.empty()) units::log_info(note);
  notices.start(schedule.host_time(now()), now());
  const auto ended =
      Loop({bridge, notices, processes, jobs, failed_units, schedule, link}, std::move(may_reload)).run();
  spool.keep();
  if (ended == Loop::Ended::to_reload) return std::nullopt;
  units::log_info("stopped");
  return 0;
}

void log_to_stderr(units::Level level) {
  units::bind_log(
      [](units::Level, std::string_view line) {
        [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
      },
      level);
}

/// One arena and prompt trimming: helper threads live for milliseconds, and ticks need a few kB.
void keep_memory_small() {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
}

/// Waits for a collector as long as it takes; the service counts as started meanwhile. Nothing when told to stop.
units::Result<std::optional<config::Identity>> enrol_at_start(const config::Config& config,
                                                              const config::EnrolSource& source,
                                                              const std::string& state) {
  const int signals = watched({SIGTERM, SIGINT});
  notify_service_manager("READY=1\nSTATUS=not enrolled yet");
  const auto watchdog = watchdog_interval();
  EnrolPatience patience{.random = random_fraction, .stop = signals};
  if (watchdog) {
    patience.alive_every = *watchdog;
    patience.alive = [] { notify_service_manager("WATCHDOG=1"); };
  }
  auto identity = enrol_first(config, source, state, patience);
  ::close(signals);
  notify_service_manager("STATUS=");
  return identity;
}

int exit_code(const units::Error& error) {
  return error.code == units::ErrorCode::io ? 1 : kConfigError;
}

/// This host's identity, made first where the configuration says how. Nothing: we were asked to stop meanwhile.
units::Result<std::optional<config::Identity>> identity_of(const config::Config& config, const std::string& state) {
  auto identity = config::load_identity(state);
  if (identity) return std::move(*identity);
  if (identity.error().code != units::ErrorCode::not_found) return std::unexpected(std::move(identity.error()));
  const auto source = enrol_source(config, state);
  if (!source) return std::unexpected(source.error());
  if (!*source) return std::unexpected(std::move(identity.error()));
  return enrol_at_start(config, **source, state);
}

}  // namespace

int run_agent(const Command& command) {
  keep_memory_small();
  log_to_stderr(units::Level::info);
  const std::string named = command.option("config");
  const auto may_reload = [&named] {
    const auto config = config::load_named(named);
    if (!config) units::log_error("the configuration stays as it was", {{"error", config.error().message}});
    return config.has_value();
  };
  for (;;) {
    const auto config = config::load_named(named);
    if (!config) return refused(config.error(), kConfigError);
    log_to_stderr(config->log_level);
    warn_of_open_secrets(command.option("config", config::kDefaultPath), *config);
    const std::string state = command.option("state", config->state);
    const auto identity = identity_of(*config, state);
    if (!identity) return refused(identity.error(), exit_code(identity.error()));
    if (!*identity) return 0;
    if (const auto code = run_with(*config, state, **identity, may_reload)) return *code;
    units::log_info("reading the configuration anew");
  }
}

}  // namespace vedette::app
