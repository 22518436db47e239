#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/bench/history/feed.h"
#include "tests/bench/history/figures.h"
#include "tests/bench/history/parts.h"

namespace vedette::bench {
namespace {

// A slot and the 19 s after it in which it isn't sealed yet.
constexpr std::int64_t kSeconds = 600 + 19;

// Nothing is copied out of the log: what is read back is all in there.
[[noreturn]] void fill_and_die(const Recording& recording, std::size_t hosts, const std::filesystem::path& directory) {
  SimulatedClock clock(kDay);
  auto fleet = hosts_of(recording, hosts);
  auto options = options_in(directory);
  options.checkpoint_every = std::chrono::hours(1);
  options.log_pages = 1 << 30;
  const auto store = opened(std::move(options), clock);
  announce(*store, hosts);
  (void)feed(*store, clock, fleet, {.length = kSeconds});
  ::kill(::getpid(), SIGKILL);
  ::pause();
  std::abort();
}

std::size_t ticks_of(const history::Store& store, std::size_t host) {
  const auto series = fleet_series().front();
  const auto answer = store.query({domain::HostNumber{static_cast<std::uint32_t>(host)},
                                   {{series.key.name, series.key.attributes}},
                                   units::from_unix_ms(kDay),
                                   units::from_unix_ms(kDay + (kSeconds + 1) * 1000),
                                   units::Milliseconds{0},
                                   true});
  if (!answer) give_up(answer.error().message);
  return answer->series.empty() ? 0 : answer->series.front().t.size();
}

}  // namespace

// Ready: ticks that come now are durable, and what had come before is answered.
void measure_recovery(const Recording& recording, std::size_t hosts, const std::string& suffix,
                      const std::filesystem::path& directory) {
  const pid_t child = ::fork();
  if (child == 0) fill_and_die(recording, hosts, directory);
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) give_up("no child could be made to be killed");
  if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) give_up("the child that fills the log failed");
  auto fleet = hosts_of(recording, hosts);
  SimulatedClock clock(kDay + kSeconds * 1000);
  const auto batches = made(fleet, {.start = kDay, .length = kSeconds + 1}, kSeconds);
  const double began = wall(), cpu = process_cpu();
  const auto store = opened(options_in(directory), clock);
  const double open = wall();
  submit(*store, batches);
  flush(*store);
  const auto found = ticks_of(*store, hosts);
  report("recovery_ms" + suffix, (wall() - began) * 1000, "ms");
  report("recovery_open_ms" + suffix, (open - began) * 1000, "ms");
  report("recovery_cpu_ms" + suffix, (process_cpu() - cpu) * 1000, "ms");
  if (found != kSeconds + 1) give_up("after the kill there are " + std::to_string(found) + " ticks of the last host");
}

}  // namespace vedette::bench
