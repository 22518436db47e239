#include "server/app/run.h"

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <iostream>

#include "schema/units/log.h"
#include "server/app/collector.h"
#include "server/app/service_manager.h"
#include "server/app/settings.h"
#include "server/app/version.h"

namespace vedette::app {
namespace {

constexpr std::chrono::hours kCertificateCheck{1};
constexpr std::chrono::seconds kLongestWait{5};

/// One write a line, so that lines of different threads don't mix.
void log_to_stderr(units::Level, std::string_view line) {
  (void)!::write(STDERR_FILENO, line.data(), line.size());
}

void raise_file_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t blocked_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return set;
}

std::chrono::nanoseconds wait_step() {
  const auto watchdog = watchdog_interval();
  return watchdog ? std::min<std::chrono::nanoseconds>(*watchdog, kLongestWait) : kLongestWait;
}

/// Feeds the watchdog and looks after the certificate, on SIGHUP at once, until a signal comes that ends the collector.
int wait_for_signal(Collector& collector, const sigset_t& signals, const domain::Clock& clock) {
  const auto step = wait_step();
  const timespec timeout{static_cast<time_t>(step / std::chrono::seconds(1)),
                         static_cast<long>((step % std::chrono::seconds(1)).count())};
  units::Steady checked = clock.steady();
  for (;;) {
    const int signal = ::sigtimedwait(&signals, nullptr, &timeout);
    if (signal > 0 && signal != SIGHUP) return signal;
    if (collector.alive()) tell_service_manager("WATCHDOG=1");
    if (signal != SIGHUP && clock.steady() - checked < kCertificateCheck) {
      collector.heed_clock();
      continue;
    }
    checked = clock.steady();
    collector.renew_certificate();
  }
}

int complain(const std::string& words, int code) {
  std::cerr << "vedette-server: " << words << '\n';
  return code;
}

}  // namespace

int run_collector(const Options& options) {
  const sigset_t signals = blocked_signals();
  auto settings = read_settings(options);
  if (!settings) return complain(settings.error().message, kExitConfig);
  const domain::SystemClock clock;
  if (auto good = check_files(*settings, clock.now()); !good) return complain(good.error().message, kExitConfig);
  units::bind_log(log_to_stderr);
  raise_file_limit();
  auto collector = Collector::start(std::move(*settings), clock);
  if (!collector) return complain(collector.error().message, 1);
  const std::string pin = (*collector)->pin();
  units::log_info("collector started", {{"version", kVersion},
                                        {"url", (*collector)->url()},
                                        {"pin", pin.empty() ? "none: TLS ends at the proxy" : pin}});
  tell_service_manager("READY=1");
  const int signal = wait_for_signal(**collector, signals, clock);
  tell_service_manager("STOPPING=1");
  units::log_info("collector stopping", {{"signal", ::strsignal(signal)}});
  (*collector)->stop();
  units::log_info("collector stopped");
  return 0;
}

}  // namespace vedette::app
