// What every part of the bench reads and prints.
#pragma once

#include <ctime>

#include <cstdint>
#include <string>
#include <vector>

namespace vedette::bench {

/// One JSON line.
void report(const std::string& name, double value, const char* unit);

/// Says why on stderr and ends the process.
[[noreturn]] void give_up(const std::string& words);

/// A number of the environment. Gives up if it isn't one above 0.
[[nodiscard]] std::int64_t setting(const char* name, std::int64_t fallback);

/// Seconds of that clock.
[[nodiscard]] double seconds_of(clockid_t clock);
[[nodiscard]] inline double process_cpu() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}
[[nodiscard]] inline double thread_cpu() {
  return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}
[[nodiscard]] inline double wall() {
  return seconds_of(CLOCK_MONOTONIC);
}

/// What this process gave the disk to write so far, bytes: `write_bytes` of proc(5)'s io.
[[nodiscard]] double bytes_written();

/// Resident memory of this process, kB.
[[nodiscard]] double resident_kb();

/// By nearest rank: of 100 values, 0.99 is the second largest. Precondition: not empty.
[[nodiscard]] double percentile(std::vector<double> values, double share);

}  // namespace vedette::bench
